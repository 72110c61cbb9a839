//! The part of npm's configuration that controls fetching.
//!
//! Sources, the strongest first: the environment (`npm_config_…`), the `.npmrc` at the root of the
//! checkout, the user's, the global one. See <https://docs.npmjs.com/cli/configuring-npm/npmrc>.

use std::{
    collections::BTreeMap,
    env, fs,
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use camino::{Utf8Path, Utf8PathBuf};

use super::UpstreamError;

/// The merged settings as text. Values are parsed on use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Npmrc {
    settings: BTreeMap<String, String>,
}

impl Npmrc {
    /// Reads the configuration of the checkout at `root`. If no source sets a registry, asks npm
    /// for it and for the path of the global file, which only npm knows.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::NoRegistry`] if npm cannot be asked.
    pub fn load(root: &Utf8Path) -> Result<Self, UpstreamError> {
        // npm sets no variables that are not Unicode.
        let variables = env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let environment = Self::from_environment(variables);
        let user_file = environment.path("userconfig").or_else(|| Some(home()?.join(".npmrc")));
        let user = user_file.map(|path| Self::from_file(&path)).unwrap_or_default();
        let project = Self::from_file(&root.join(".npmrc"));
        let mut merged = environment.or(project).or(user);
        if let Some(path) = merged.path("globalconfig") {
            merged = merged.or(Self::from_file(&path));
        }
        if merged.get("registry").is_none() {
            let answer = ask_npm(root)?;
            if let Some(path) = answer.path("globalconfig") {
                merged = merged.or(Self::from_file(&path));
            }
            merged = merged.or(answer);
        }
        Ok(merged)
    }

    /// A non-empty setting; npm writes `null` for an unset one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.settings
            .get(key)
            .map(String::as_str)
            .filter(|value| !matches!(*value, "" | "null" | "undefined"))
    }

    /// A setting with a path, with npm's meaning of `~/`.
    #[must_use]
    pub fn path(&self, key: &str) -> Option<Utf8PathBuf> {
        let value = self.get(key)?;
        Some(match value.strip_prefix("~/") {
            Some(rest) => home()?.join(rest),
            None => Utf8PathBuf::from(value),
        })
    }

    /// The registry of a package, ending in a slash: its scope's registry, or the general one.
    #[must_use]
    pub fn registry(&self, package: &str) -> Option<String> {
        let scope = package.split_once('/').map(|(scope, _)| scope);
        let url = scope
            .and_then(|scope| self.get(&format!("{scope}:registry")))
            .or_else(|| self.get("registry"))?;
        Some(format!("{}/", url.trim_end_matches('/')))
    }

    /// The value of the header `Authorization` for a URL: the entry with the nearest host and path
    /// (npm-registry-fetch, `lib/auth.js`). Other hosts get none.
    #[must_use]
    pub fn authorization(&self, url: &str) -> Option<String> {
        let (_, mut prefix) = url.split_at(url.find("//")?);
        prefix = prefix.split(['?', '#']).next()?;
        while prefix.len() > "//".len() {
            let setting = |name: &str| self.get(&format!("{prefix}:{name}"));
            if let Some(token) = setting("_authToken") {
                return Some(format!("Bearer {token}"));
            }
            if let Some(pair) = setting("_auth") {
                return Some(format!("Basic {pair}"));
            }
            if let (Some(user), Some(password)) = (setting("username"), setting("_password")) {
                let password = STANDARD.decode(password).ok()?;
                let pair = [user.as_bytes(), b":", &password].concat();
                return Some(format!("Basic {}", STANDARD.encode(pair)));
            }
            // `//host/path/` and `//host/path` are different keys: remove the slash and the name in
            // turns.
            prefix = match prefix.strip_suffix('/') {
                Some(shorter) => shorter,
                None => &prefix[..=prefix.rfind('/')?],
            };
        }
        None
    }

    fn from_environment(variables: impl Iterator<Item = (String, String)>) -> Self {
        const PREFIX: &str = "npm_config_";
        let settings =
            variables.filter(|(_, value)| !value.is_empty()).filter_map(|(name, value)| {
                let start = name.get(..PREFIX.len())?;
                let key = name.get(PREFIX.len()..)?;
                let key = match key.chars().next()? {
                    _ if !start.eq_ignore_ascii_case(PREFIX) => return None,
                    // Credential keys are URLs: keep them unchanged.
                    '/' => key.to_owned(),
                    first => format!("{first}{}", key[first.len_utf8()..].replace('_', "-"))
                        .to_lowercase(),
                };
                Some((key, value))
            });
        Self { settings: settings.collect() }
    }

    /// Like npm, treats an unreadable file as missing.
    fn from_file(path: &Utf8Path) -> Self {
        Self::parse(&fs::read_to_string(path).unwrap_or_default(), |name| env::var(name).ok())
    }

    /// Parses lines of `key = value`; `key[] = value` appends a line to the existing value.
    fn parse(text: &str, variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut settings = BTreeMap::new();
        for line in text.lines().map(str::trim) {
            if line.starts_with([';', '#']) {
                continue;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let (key, value) =
                (expand(key.trim(), &variable), expand(&unquote(value.trim()), &variable));
            match key.strip_suffix("[]") {
                Some(list) => {
                    let list: &mut String = settings.entry(list.to_owned()).or_default();
                    *list = format!("{list}{value}\n");
                }
                None => {
                    settings.insert(key, value);
                }
            }
        }
        Self { settings }
    }

    /// These settings, and those of a weaker source that they do not override.
    fn or(self, weaker: Self) -> Self {
        let mut settings = weaker.settings;
        settings.extend(self.settings);
        Self { settings }
    }
}

/// A value in double quotes is a JSON string; single quotes are literal.
fn unquote(value: &str) -> String {
    if value.len() >= 2 && value.starts_with('\'') && value.ends_with('\'') {
        return value[1..value.len() - 1].to_owned();
    }
    if value.starts_with('"')
        && let Ok(text) = serde_json::from_str(value)
    {
        return text;
    }
    // Certificates in `ca` are one line, with `\n` for a line break.
    value.split([';', '#']).next().unwrap_or_default().trim().replace("\\n", "\n")
}

/// Expands `${NAME}` to the variable's value. Without the variable, `${NAME}` stays and `${NAME?}`
/// becomes empty.
fn expand(text: &str, variable: &impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        expanded.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            rest = &rest[before.len()..];
            break;
        };
        match (variable(name.trim_end_matches('?')), name.ends_with('?')) {
            (Some(value), _) => expanded.push_str(&value),
            (None, true) => {}
            (None, false) => expanded.push_str(&format!("${{{name}}}")),
        }
        rest = after;
    }
    expanded.push_str(rest);
    expanded
}

/// `npm config get` with several keys prints lines of `key=value`.
fn ask_npm(root: &Utf8Path) -> Result<Npmrc, UpstreamError> {
    let no_registry = |reason: String| UpstreamError::NoRegistry { reason };
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(program)
        .args(["config", "get", "registry", "globalconfig"])
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| no_registry(format!("`{program}` cannot be started: {error}")))?;
    let answer = Npmrc::parse(&String::from_utf8_lossy(&output.stdout), |_| None);
    if answer.get("registry").is_none() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        let complaint = complaint.lines().next().unwrap_or("its answer has none").to_owned();
        return Err(no_registry(complaint));
    }
    Ok(answer)
}

fn home() -> Option<Utf8PathBuf> {
    env::home_dir().and_then(|home| Utf8PathBuf::from_path_buf(home).ok())
}

#[cfg(test)]
mod tests {
    use super::Npmrc;

    fn parse(text: &str) -> Npmrc {
        Npmrc::parse(text, |name| (name == "TOKEN").then(|| "secret".to_owned()))
    }

    fn environment(pairs: &[(&str, &str)]) -> Npmrc {
        Npmrc::from_environment(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    #[test]
    fn lines_comments_quotes_lists_and_variables_are_read_like_npm() {
        let npmrc = parse(
            "; a comment\n# another\n\n registry = http://a/ ; ours\nproxy=null\ntwo=\"x\\ny\"\none='${TOKEN}'\nunset=${NO}\nmaybe=[${NO?}]\nca[]=A\nca[]=B\nopen=${x\n[section]\n",
        );
        assert_eq!(npmrc.get("registry"), Some("http://a/"));
        assert_eq!(npmrc.get("proxy"), None);
        assert_eq!(npmrc.get("two"), Some("x\ny"));
        assert_eq!(npmrc.get("one"), Some("secret"));
        assert_eq!(npmrc.get("unset"), Some("${NO}"));
        assert_eq!(npmrc.get("maybe"), Some("[]"));
        assert_eq!(npmrc.get("ca"), Some("A\nB\n"));
        assert_eq!(npmrc.get("open"), Some("${x"));
    }

    #[test]
    fn the_environment_is_case_insensitive_and_wins() {
        let strong = environment(&[
            ("NPM_CONFIG_REGISTRY", "http://b"),
            ("npm_config_strict_ssl", "false"),
            ("npm_config_//host/:_authToken", "t"),
            ("npm_config_empty", ""),
            ("npm_configuration", "x"),
            ("PATH", "/bin"),
        ]);
        let npmrc = strong.or(parse("registry=http://a\ncafile=/ca.pem"));
        assert_eq!(npmrc.registry("left"), Some("http://b/".to_owned()));
        assert_eq!(npmrc.get("strict-ssl"), Some("false"));
        assert_eq!(npmrc.get("cafile"), Some("/ca.pem"));
        assert_eq!(npmrc.authorization("http://host/x"), Some("Bearer t".to_owned()));
    }

    #[test]
    fn a_scope_can_have_its_own_registry() {
        let npmrc = parse("registry=http://a\n@scope:registry=http://b/npm/");
        assert_eq!(npmrc.registry("@scope/name"), Some("http://b/npm/".to_owned()));
        assert_eq!(npmrc.registry("@other/name"), Some("http://a/".to_owned()));
        assert_eq!(npmrc.registry("name"), Some("http://a/".to_owned()));
    }

    #[test]
    fn credentials_go_to_their_host_and_path_only() {
        let npmrc = parse(
            "//a/:_authToken=${TOKEN}\n//b:8080/npm/:username=me\n//b:8080/npm/:_password=cGFzcw==\n//c/:_auth=eDp5\n//c/deep:_authToken=d",
        );
        assert_eq!(npmrc.authorization("https://a/@s%2fp"), Some("Bearer secret".to_owned()));
        assert_eq!(
            npmrc.authorization("https://a/x/-/x.tgz?a=//c/"),
            Some("Bearer secret".to_owned())
        );
        assert_eq!(
            npmrc.authorization("http://b:8080/npm/x"),
            Some("Basic bWU6cGFzcw==".to_owned())
        );
        assert_eq!(npmrc.authorization("http://b:8080/other"), None);
        assert_eq!(npmrc.authorization("http://b/npm/x"), None);
        assert_eq!(npmrc.authorization("http://c/deep/x"), Some("Bearer d".to_owned()));
        assert_eq!(npmrc.authorization("http://c/x"), Some("Basic eDp5".to_owned()));
        assert_eq!(npmrc.authorization("http://aa/x"), None);
    }
}
