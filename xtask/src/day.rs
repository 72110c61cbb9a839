//! Days of the calendar, as pins name them: `2026-11-18`.

use std::{
    env, fmt,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

const SECONDS: u64 = 24 * 60 * 60;
/// Days in 400 years of the Gregorian calendar, after which it repeats.
const CYCLE: i64 = 146_097;
/// Days from 0000-03-01, where a cycle begins, to 1970-01-01.
const EPOCH: i64 = 719_468;

/// A day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// Today in UTC, or the day that `SOURCE_DATE_EPOCH` names.
    ///
    /// Source: <https://reproducible-builds.org/specs/source-date-epoch/>.
    pub fn today() -> Self {
        let named = env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self((named.unwrap_or_else(now) / SECONDS).cast_signed())
    }

    /// How many days have passed since then.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Years begin in March here, so that the leap day is the last of its year.
        let days = self.0 + EPOCH;
        let (cycle, day) = (days.div_euclid(CYCLE), days.rem_euclid(CYCLE));
        let year = (day - day / 1460 + day / 36_524 - day / (CYCLE - 1)) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, carried) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        write!(formatter, "{:04}-{month:02}-{day:02}", cycle * 400 + year + carried)
    }
}

impl FromStr for Day {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "expected a day such as `2026-11-18`";
        let mut parts = text.split('-').map(|part| part.parse::<i64>().ok());
        let (Some(Some(year)), Some(Some(month)), Some(Some(day)), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong);
        };
        let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap = years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
        let counted = Self(365 * years + leap + (153 * months + 2) / 5 + day - 1 - EPOCH);
        // A day that is none, such as 2026-02-30, comes out as another.
        if counted.to_string() == text { Ok(counted) } else { Err(wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn days_are_counted_from_1970_and_survive_a_round_trip() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2024-12-31", 20_088),
            ("2026-11-18", 20_775),
        ] {
            assert_eq!(text.parse(), Ok(Day(days)), "{text}");
            assert_eq!(Day(days).to_string(), text);
        }
        for days in -200_000..200_000 {
            assert_eq!(Day(days).to_string().parse(), Ok(Day(days)));
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["2026-02-30", "2026-13-01", "2026-11-00", "2026-1-1", "today", "2026-11", ""] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }
}
