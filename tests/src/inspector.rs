//! The inspector in the dev toolbar, used in a browser as a person uses it.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use serde_json::json;

use crate::app::App;
use crate::browser::Page;
use crate::chat::Visitor;
use crate::client::{Request, Socket};
use crate::locations;
use crate::realtime::client::Join;
use crate::realtime::{Client, Identity};
use crate::server::Server;

/// A dev server compiles the toolbar for its first page.
const SOON: Duration = Duration::from_secs(40);

/// What a dev server says when its first WebSocket connects.
const MESSAGE: &str = "To watch the WebSockets of this server, open a page and click the two arrows in the dev toolbar.";

/// More than the page and the inspector have places for the focus.
const MOST_TABS: usize = 80;

/// Functions in the page. All of the inspector is in a shadow tree of the toolbar.
const SCRIPT: &str = r#"
window.inspector = () => document.querySelector('astro-dev-toolbar')?.shadowRoot
    ?.querySelector('astro-dev-toolbar-app-canvas[data-app-id="zastro:inspector"]')?.shadowRoot
    ?.querySelector('.inspector');
window.isOpen = () => inspector()?.getBoundingClientRect().height > 0;
window.inspectorApp = () => document.querySelector('astro-dev-toolbar')?.shadowRoot
    ?.querySelector('button[data-app-id="zastro:inspector"]');
window.openInspector = () => {
    inspectorApp()?.click();
    return false;
};
window.focused = () => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at;
};
window.hasFocus = (name) => {
    const at = focused();
    if (!inspector().contains(at)) return false;
    if (at.matches('.list')) return name === 'list';
    return at.matches('.side *') ? at.textContent.startsWith(name)
        : (at.ariaLabel ?? at.textContent) === name;
};
window.inspectorRows = () => [...inspector().querySelectorAll('.row')];
window.rowTexts = () => inspectorRows().map((row) =>
    [...row.children].slice(1).map((part) => part.textContent.trim()).join('|'));
window.inspectorButton = (label) => [...inspector().querySelectorAll('button')]
    .find((button) => button.textContent.trim() === label);
window.sideButton = (text) => [...inspector().querySelectorAll('.side button')].find((button) =>
    (text.startsWith('#') ? button.querySelector('.count')?.textContent === text
        : button.textContent.includes(text)));
"#;

/// An open inspector.
pub struct Inspector<'p> {
    /// The page that it is open in.
    pub page: &'p mut Page,
}

impl<'p> Inspector<'p> {
    /// Opens the inspector in a page of the dev server.
    pub fn open(page: &'p mut Page) -> Result<Self> {
        // Room for the side and the rows.
        page.resize(1240, 760)?;
        page.until(SOON, &format!("{SCRIPT} isOpen() || openInspector()"))?;
        Ok(Self { page })
    }

    /// Waits for a row that has these texts in this order.
    pub fn shows(&mut self, texts: &[&str]) -> Result<()> {
        let expected = texts.join("\u{1}");
        let is_shown = format!(
            "rowTexts().some((row) => {expected:?}.split('\\u0001').reduce((at, text) =>
                at < 0 || row.indexOf(text, at) < 0 ? -1 : row.indexOf(text, at) + text.length, 0) >= 0)"
        );
        self.page.until(SOON, &is_shown).with_context(|| {
            format!("{texts:?} in {:#}", self.page.evaluate("rowTexts()").unwrap_or_default())
        })
    }

    /// Selects the last row with this text. Returns the text of the details.
    pub fn details_of(&mut self, text: &str) -> Result<String> {
        self.page.evaluate(&format!(
            "inspectorRows().findLast((row) => row.textContent.includes({text:?})).click()"
        ))?;
        let shown = self.page.evaluate("inspector().querySelector('.detail').textContent")?;
        Ok(shown.as_str().unwrap_or_default().to_owned())
    }

    /// Moves the focus to what has this name, to the list, or to a connection, with the Tab key.
    pub fn tab_to(&mut self, name: &str) -> Result<()> {
        for _ in 0..MOST_TABS {
            self.page.press("Tab")?;
            if self.page.evaluate(&format!("hasFocus({name:?})"))? == true {
                return Ok(());
            }
        }
        bail!("no Tab leads to {name:?}")
    }

    /// Presses a button with the keyboard, once it is there.
    pub fn press(&mut self, label: &str) -> Result<()> {
        self.page.until(SOON, &format!("inspectorButton({label:?})?.disabled === false"))?;
        self.tab_to(label)?;
        self.page.press("Enter")
    }

    /// Waits until the focus is there.
    fn has_focus(&mut self, name: &str) -> Result<()> {
        self.page.until(SOON, &format!("hasFocus({name:?})"))
    }

    /// Clicks a button, once it is there.
    pub fn click(&mut self, label: &str) -> Result<()> {
        self.page.until(SOON, &format!("inspectorButton({label:?}) !== undefined"))?;
        self.page.evaluate(&format!("inspectorButton({label:?}).click()"))?;
        Ok(())
    }

    /// Selects the connection with this number, or the newest one or a channel with this text.
    pub fn select(&mut self, text: &str) -> Result<()> {
        self.page.until(SOON, &format!("sideButton({text:?}) !== undefined"))?;
        self.page.evaluate(&format!(
            "if (sideButton({text:?}).getAttribute('aria-pressed') !== 'true') sideButton({text:?}).click()"
        ))?;
        Ok(())
    }

    /// Selects the channel with this name.
    fn select_channel(&mut self, name: &str) -> Result<()> {
        let entry =
            format!("inspector().querySelector({:?})", format!("[data-key='channel {name}']"));
        self.page.until(SOON, &format!("{entry} !== null"))?;
        self.page.evaluate(&format!("{entry}.click()"))?;
        Ok(())
    }

    /// Shows the rows of all connections again.
    pub fn select_nothing(&mut self) -> Result<()> {
        self.page.evaluate("inspector().querySelector('.side [aria-pressed=true]')?.click()")?;
        Ok(())
    }

    /// Sends a message by the form of the selected connection.
    pub fn send(&mut self, to: &str, name: &str, text: &str) -> Result<()> {
        self.page.evaluate(&format!(
            "{{ const form = inspector().querySelector('.detail form');
             const [to, name, content] = form.elements;
             to.value = {to:?};
             to.dispatchEvent(new Event('change'));
             name.value = {name:?};
             content.value = {text:?};
             content.dispatchEvent(new Event('input'));
             form.requestSubmit(); }}"
        ))?;
        Ok(())
    }

    /// Keeps a picture of the page, for people to look at.
    pub fn keep_picture(&mut self, name: &str) -> Result<()> {
        let folder = locations::target().join("inspector");
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(format!("{name}.png")), self.page.screenshot()?)?)
    }
}

/// The channel of the chat, as the inspector shows it.
pub const LOBBY: &str = "rooms (room: lobby)";

/// The pages for [`watches_plain_sockets`].
const PAGES: [&str; 3] = ["echo.ts", "faulty.ts", "reject.ts"];

/// Adds pages for sockets without channels to the chat.
pub fn add_pages(app: &App) -> Result<()> {
    for page in PAGES {
        let source = locations::repository().join("tests/projects/site/src/pages").join(page);
        fs::copy(source, app.root().join("src/pages").join(page))?;
    }
    Ok(())
}

/// Watches the chat of `examples/` in a dev server: channels, members, messages in both directions,
/// and what is done by hand. `connection` is how the connection of the chat is shown.
pub fn watches_the_chat(server: &Server, name: &str, connection: &str) -> Result<()> {
    let mut ada = Visitor::enter("Ada", &server.origin(), "lobby")?;
    let mut bob = Client::connect_with(server, Identity::by_header("Cookie", "name=Bob"))?;
    let his = bob.join(&Join::of("rooms", "room", "lobby"))?;
    bob.ask(&his, "say", json!({ "text": "from Bob" }))?;
    ada.shows(&["Bob: from Bob"])?;

    // What came before it was opened is there as well.
    let mut inspector = Inspector::open(&mut ada.page)?;
    inspector.shows(&["↑", "say", LOBBY, "from Bob"])?;
    inspector.shows(&["↓", "said", LOBBY, "from Bob"])?;
    inspector.shows(&["reply: say"])?;
    let is_shown = format!(
        "[...inspector().querySelectorAll('.side .name')].some((it) => it.textContent === {connection:?})"
    );
    inspector.page.until(SOON, &is_shown)?;
    inspector.select_channel(LOBBY)?;
    let members = "/members (#\\d+) #\\d+/.exec(inspector().querySelector('.detail').textContent)";
    inspector.page.until(SOON, &format!("{members} !== null"))?;
    let member = inspector.page.evaluate(&format!("{members}[1]"))?;
    let member = member.as_str().context("no member")?.to_owned();
    // Bob's client has no presence.
    let has_ada = "inspector().querySelector('.present').textContent.includes('Ada')";
    inspector.page.until(SOON, has_ada)?;
    inspector.keep_picture(&format!("{name}-channel"))?;

    // A message by hand is one of the client.
    inspector.select(&member)?;
    inspector.send(&format!("channel {LOBBY}"), "say", r#"{"text": "by hand"}"#)?;
    inspector.shows(&["say", "✎", "by hand"])?;
    let events = bob.events(&his, 2)?;
    ensure!(format!("{:?}", events[1].data).contains("by hand"), "{events:?}");
    inspector.press("Reconnect")?;
    inspector.shows(&["closed 1012"])?;
    // The button is for open connections: the keys of the list go on working.
    inspector.has_focus("list")?;
    inspector.select_nothing()?;
    inspector.page.until(
        SOON,
        &format!("rowTexts().findLastIndex((row) => row.includes('open|/_realtime')) >
            rowTexts().findIndex((row) => row.startsWith('{member}|') && row.includes('closed 1012'))"),
    )?;
    inspector.click("Clear")?;
    watches_plain_sockets(&mut inspector, server)?;
    inspector.keep_picture(&format!("{name}-sockets"))
}

/// Checks that no JavaScript of a build has anything of the inspector.
pub fn is_not_in(build: &App) -> Result<()> {
    let files = locations::files_ending_with(&build.root().join("dist"), "js")?;
    ensure!(!files.is_empty(), "nothing is built");
    for file in files {
        let text = fs::read_to_string(&file)?;
        ensure!(!text.contains("zastro:inspector"), "{}", file.display());
    }
    Ok(())
}

/// Watches sockets without channels: messages, refusals, an error, and what is done by hand. The
/// server has the pages `echo`, `faulty` and `reject` of `tests/projects/site`.
pub fn watches_plain_sockets(inspector: &mut Inspector<'_>, server: &Server) -> Result<()> {
    let mut socket = server.open(&Request::upgrade("/echo?token=very-secret"))?;
    inspector.shows(&["open", "/echo?token=•••"])?;
    socket.send("hello")?;
    ensure!(socket.text()? == "hello");
    inspector.shows(&["↑", "text", "hello", "5 B"])?;
    inspector.shows(&["↓", "text", "hello", "5 B"])?;

    let other = Request::upgrade("/echo").header("Origin", "https://evil.example");
    ensure!(server.reject(&other)?.status == 403);
    inspector.shows(&["403", "/echo"])?;
    let details = inspector.details_of("403")?;
    ensure!(details.contains("Add the origin to websocket.allowedOrigins"), "{details}");
    ensure!(server.reject(&Request::upgrade("/reject"))?.status == 401);
    inspector.shows(&["401", "/reject", "who are you?"])?;

    let mut faulty = server.open(&Request::upgrade("/faulty"))?;
    faulty.send("fail")?;
    ensure!(faulty.closed()?.0 == 1011);
    inspector.shows(&["error", "thrown by the handler"])?;
    inspector.page.evaluate(
        "window.opened = []; window.fetch = async (url) => opened.push(decodeURIComponent(url))",
    )?;
    inspector.details_of("thrown by the handler")?;
    inspector.page.evaluate("inspector().querySelector('.detail .link').click()")?;
    let is_opened =
        "/open-in-editor\\?file=.*\\/src\\/pages\\/faulty\\.ts:12:\\d+$/.test(opened[0])";
    inspector.page.until(SOON, is_opened).with_context(|| {
        format!("{:?}", inspector.page.evaluate("opened[0]").unwrap_or_default())
    })?;

    works_by_keyboard(inspector, &mut socket)?;
    inspector.send("client", "", "to the client by hand")?;
    ensure!(socket.text()? == "to the client by hand");
    inspector.send("server", "", "to the server by hand")?;
    ensure!(socket.text()? == "to the server by hand");
    inspector.shows(&["↑", "✎", "to the server by hand"])?;
    inspector.press("Drop")?;
    ensure!(socket.text().is_err(), "it is not dropped");
    inspector.shows(&["closed 1006"])?;
    inspector.has_focus("list")?;
    inspector.select_nothing()?;
    let text = inspector.page.evaluate("inspector().textContent")?.to_string();
    ensure!(!text.contains("very-secret"), "{text}");
    let told = server.wait_for_output(SOON, |output| {
        Some(output.matches(MESSAGE).count()).filter(|count| *count > 0)
    })?;
    ensure!(told == 1, "it is told {told} times where the inspector is");
    Ok(())
}

/// Uses the inspector with the keyboard alone. The list has a message `hello` of a socket at `/echo`, whose
/// connection is selected in the end.
fn works_by_keyboard(inspector: &mut Inspector<'_>, socket: &mut Socket) -> Result<()> {
    // The toolbar hides from who neither points at it nor has the focus there.
    inspector.page.evaluate("inspectorApp().focus()")?;
    inspector.page.press("Escape")?;
    inspector.page.until(SOON, "!isOpen()")?;
    inspector.page.press("Enter")?;
    inspector.page.until(SOON, "isOpen()")?;
    inspector.has_focus("list")?;

    inspector.page.press("/")?;
    inspector.has_focus("Filter")?;
    inspector.page.type_text("hello")?;
    let shows_hello_alone =
        "rowTexts().length > 0 && rowTexts().every((row) => row.includes('hello'))";
    inspector.page.until(SOON, shows_hello_alone)?;
    inspector.press("Messages")?;
    inspector.page.until(SOON, "rowTexts().length === 0")?;
    inspector.page.press("Enter")?;
    inspector.page.until(SOON, shows_hello_alone)?;

    inspector.page.press("p")?;
    socket.send("hello again")?;
    ensure!(socket.text()? == "hello again");
    let waits = "[...inspector().querySelectorAll('button')].some((button) =>
        /^Resume \\(\\d/.test(button.textContent))";
    inspector.page.until(SOON, waits)?;
    ensure!(inspector.page.evaluate("rowTexts().every((row) => !row.includes('again'))")? == true);
    inspector.page.press("p")?;
    inspector.shows(&["↓", "text", "hello again"])?;

    // The list is behind the side, where this connection is the newest open one.
    inspector.tab_to("/echo")?;
    inspector.page.press("Enter")?;
    inspector.page.until(SOON, "sideButton('/echo').ariaPressed === 'true'")?;
    inspector.has_focus("/echo")?;
    inspector.tab_to("list")?;
    inspector.page.press("ArrowDown")?;
    let shows_the_last = "inspector().querySelector('.detail pre')?.textContent === 'hello again'";
    inspector.page.until(SOON, shows_the_last)?;
    inspector.tab_to("Close the details")?;
    inspector.page.press("Enter")?;
    inspector.tab_to("Message")?;
    inspector.page.type_text("typed by hand")?;
    inspector.page.press("Enter")?;
    ensure!(socket.text()? == "typed by hand");
    inspector.page.evaluate("inspector().querySelector('[type=search]').value = ''")?;
    inspector
        .page
        .evaluate("inspector().querySelector('[type=search]').dispatchEvent(new Event('input'))")?;
    inspector.shows(&["↑", "✎", "typed by hand"])
}
