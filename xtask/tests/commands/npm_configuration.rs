//! npm's configuration selects the registry, the credentials and the proxy.

use insta::assert_snapshot;

use crate::{
    checkout::Checkout,
    server::{Answer, Server, metadata},
    tarball,
};

fn authorization(server: &Server) -> Vec<String> {
    let headers = server.asked().into_iter().flat_map(|asked| asked.headers);
    headers.filter_map(|header| header.strip_prefix("authorization: ").map(str::to_owned)).collect()
}

#[test]
fn the_environment_may_be_in_capitals() {
    let server = Server::with_toy(tarball::good());
    let checkout = Checkout::without_registry(&tarball::good());
    checkout.with("NPM_CONFIG_REGISTRY", &server.url()).build_well(&[]);
}

#[test]
fn a_scope_in_the_file_of_the_checkout_beats_the_registry_of_the_user() {
    let server = Server::with_toy(tarball::good());
    let checkout = Checkout::without_registry(&tarball::good());
    checkout.write("home/.npmrc", "registry=http://127.0.0.1:9/\n");
    checkout.write(".npmrc", "@upstream:registry=${TEST_REGISTRY}\n");
    checkout.with("TEST_REGISTRY", &server.url()).build_well(&[]);
}

#[test]
fn the_user_file_may_be_in_another_place() {
    let server = Server::with_toy(tarball::good());
    let checkout = Checkout::without_registry(&tarball::good());
    checkout.write("elsewhere", &format!("registry = {}\n", server.url()));
    let path = checkout.path("elsewhere").display().to_string();
    checkout.with("NPM_CONFIG_USERCONFIG", &path).build_well(&[]);
}

#[test]
fn npm_is_asked_if_no_registry_is_configured() {
    let server = Server::with_toy(tarball::good());
    let checkout = Checkout::without_registry(&tarball::good());
    // Only npm knows the global file, below its prefix.
    checkout.write("prefix/etc/npmrc", &format!("registry={}\n", server.url()));
    let prefix = checkout.path("prefix").display().to_string();
    checkout.with("npm_config_prefix", &prefix).build_well(&[]);
}

#[test]
fn without_npm_and_a_registry_setting_the_build_fails() {
    let checkout = Checkout::without_registry(&tarball::good()).with("PATH", "");
    assert_snapshot!(checkout.fail(&[]));
}

#[test]
fn credentials_are_sent_to_their_host_only() {
    let elsewhere = Server::with_toy(tarball::good());
    let named = metadata(&format!("{}toy.tgz", elsewhere.url()));
    let server = Server::start(move |path, _| match path {
        "/toy.tgz" => Answer::Status(404, Vec::new()),
        _ => Answer::found(named.clone()),
    });
    let checkout = Checkout::new(&tarball::good(), &server);
    checkout.write(".npmrc", &format!("//127.0.0.1:{}/:_authToken=secret\n", server.port));
    checkout.build_well(&[]);
    assert_eq!(authorization(&server), ["Bearer secret", "Bearer secret"]);
    assert!(authorization(&elsewhere).is_empty());
}

#[test]
fn a_registry_that_requires_credentials_is_an_error() {
    let server = Server::start(|_, _| Answer::Status(401, Vec::new()));
    let checkout = Checkout::new(&tarball::good(), &server);
    assert_snapshot!(checkout.fail(&[]));
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn credentials_in_a_url_are_not_printed() {
    let server = Server::start(|_, _| Answer::Status(403, Vec::new()));
    let checkout = Checkout::new(&tarball::good(), &server);
    let url = server.url().replace("http://", "http://me:secret@");
    let text = checkout.with("npm_config_registry", &url).fail(&[]);
    assert!(text.contains("U007") && !text.contains("secret"), "{text}");
}

#[test]
fn npms_proxy_setting_is_used() {
    let proxy = Server::with_toy(tarball::good());
    let checkout = Checkout::without_registry(&tarball::good());
    checkout
        .write(".npmrc", &format!("registry=http://registry.invalid/\nproxy={}\n", proxy.url()));
    checkout.build_well(&[]);
    assert!(
        proxy.lines().contains(&"CONNECT registry.invalid:80".to_owned()),
        "{:?}",
        proxy.lines()
    );
}

#[test]
fn the_environments_proxy_is_used_except_for_no_proxy() {
    let server = Server::with_toy(tarball::good());
    let checkout =
        Checkout::new(&tarball::good(), &server).with("HTTP_PROXY", "http://127.0.0.1:9");
    assert!(checkout.fail(&[]).contains("U006"));
    assert!(server.lines().is_empty());
    checkout.with("NO_PROXY", "localhost,127.0.0.1").build_well(&[]);
}

#[test]
fn an_invalid_proxy_url_is_an_error() {
    let server = Server::with_toy(tarball::good());
    let checkout = Checkout::new(&tarball::good(), &server);
    assert_snapshot!(checkout.with("npm_config_proxy", "http://").fail(&[]));
}

#[test]
fn unreadable_certificates_are_an_error() {
    let server = Server::with_toy(tarball::good());
    let checkout = Checkout::new(&tarball::good(), &server);
    assert_snapshot!(checkout.with("npm_config_cafile", "/nowhere.pem").fail(&[]));
}

#[test]
fn a_file_without_certificates_is_an_error() {
    let server = Server::with_toy(tarball::good());
    let checkout = Checkout::new(&tarball::good(), &server);
    checkout.write("empty.pem", "");
    let path = checkout.path("empty.pem").display().to_string();
    let text = checkout.with("npm_config_cafile", &path).fail(&[]);
    assert!(text.contains("U005") && text.contains("no certificate"), "{text}");
}
