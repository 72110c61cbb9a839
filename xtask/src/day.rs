//! Calendar days in the format of pins: `2026-11-18`.

use std::{env, fmt, str::FromStr, time::SystemTime};

use time::{Date, OffsetDateTime, format_description::well_known::Iso8601};

/// A calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

impl Day {
    /// Today in UTC, or the day in `SOURCE_DATE_EPOCH`.
    ///
    /// Source: <https://reproducible-builds.org/specs/source-date-epoch/>.
    pub fn today() -> Self {
        let named = env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
        let named = named.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        named.map_or_else(|| Self::of(SystemTime::now()), |moment| Self(moment.date()))
    }

    /// The day of a moment, in UTC.
    pub fn of(moment: SystemTime) -> Self {
        Self(OffsetDateTime::from(moment).date())
    }

    /// The number of days since `earlier`.
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).whole_days()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for Day {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day = Date::parse(text, &Iso8601::DATE).map(Self);
        // The standard also allows other formats, such as `20261118`.
        let day = day.ok().filter(|day| day.to_string() == text);
        day.ok_or("expected a day such as `2026-11-18`")
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::Day;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_survives_a_round_trip() {
        for text in ["1970-01-01", "1969-12-31", "2000-02-29", "2024-12-31", "2026-11-18"] {
            assert_eq!(day(text).to_string(), text);
        }
    }

    #[test]
    fn days_are_counted_across_leap_days_and_new_year() {
        assert_eq!(day("2000-03-01").days_since(day("2000-02-28")), 2);
        assert_eq!(day("1900-03-01").days_since(day("1900-02-28")), 1);
        assert_eq!(day("2025-01-01").days_since(day("2024-12-31")), 1);
        assert_eq!(day("2026-11-18").days_since(day("2026-11-20")), -2);
    }

    #[test]
    fn a_moment_has_its_utc_day() {
        let moment = UNIX_EPOCH + Duration::from_secs(1_798_070_399);
        assert_eq!(Day::of(moment).to_string(), "2026-12-23");
        assert_eq!(Day::of(moment + Duration::from_secs(1)).to_string(), "2026-12-24");
    }

    #[test]
    fn invalid_days_are_rejected() {
        for text in [
            "2026-02-30",
            "2026-13-01",
            "2026-11-00",
            "2026-1-1",
            "20261118",
            "2026-W47-3",
            "2026-322",
            "today",
            "2026-11",
            "",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }
}
