//! `#[derive(Explain)]`: builds an error catalogue from doc comments.
//!
//! An error type is an enum with one variant per situation. The derive reads the doc comment and
//! the attribute of every variant. The first line of the doc comment is the title, and the whole
//! comment is the explanation:
//!
//! ```text
//! /// A pattern matches nothing
//! ///
//! /// Upstream may have changed …
//! #[error("the pattern of `{id}` matches nothing")]      // thiserror: the short sentence
//! #[explain(code = "P006", help = "compare `{id}` with the nearest candidate")]
//! NotFound { id: String, places: Vec<Place> },
//! ```
//!
//! It implements the trait `diagnostics::Explain`. The trait gives the catalogue, and for a value:
//!
//! - its entry with the code, the exit code and `no_answer`; `#[explain(exit = 4)]` is set on the
//!   enum or on a variant that differs, `#[explain(no_answer)]` on a variant that leaves the
//!   question open
//! - its help line, formatted with the variant's fields
//! - its marked places, from the field `places` if the variant has one
//!
//! A variant with `#[explain(transparent)]` holds an error of another such type, which explains it.
//! Its entry is in the catalogue of that type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, Fields, Ident, Lit, LitInt, LitStr, Meta, Variant,
    parse_macro_input, spanned::Spanned,
};

/// Implements `diagnostics::Explain` for an enum of errors; see the crate documentation.
#[proc_macro_derive(Explain, attributes(explain))]
pub fn derive_explain(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(&parse_macro_input!(input as DeriveInput))
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(syn::Error::new(
            input.span(),
            "`Explain` is for enums: one variant per situation",
        ));
    };
    let exit = exit_code(input)?;
    let (transparent, explained): (Vec<&Variant>, Vec<&Variant>) =
        data.variants.iter().partition(|variant| is_transparent(variant));
    let situations =
        explained.into_iter().map(Situation::read).collect::<syn::Result<Vec<Situation>>>()?;
    let transparent: Vec<&Ident> = transparent.iter().map(|variant| &variant.ident).collect();

    let name = &input.ident;
    let entries = situations.iter().map(|situation| situation.entry(&exit));
    let entry_arms = situations.iter().enumerate().map(|(index, it)| it.entry_arm(index));
    let entry_arms = entry_arms.chain(transparent.iter().map(|variant| {
        quote! { Self::#variant(cause) => ::diagnostics::Explain::entry(cause) }
    }));
    let helps = situations.iter().map(Situation::help_arm);
    let helps = helps.chain(transparent.iter().map(|variant| {
        quote! { Self::#variant(cause) => ::diagnostics::Explain::help(cause) }
    }));
    let places = situations.iter().map(Situation::places_arm);
    let places = places.chain(transparent.iter().map(|variant| {
        quote! { Self::#variant(cause) => ::diagnostics::Explain::places(cause) }
    }));
    Ok(quote! {
        impl ::diagnostics::Explain for #name {
            const CATALOGUE: &'static [::diagnostics::Entry] = &[#(#entries),*];
            fn entry(&self) -> &'static ::diagnostics::Entry { match self { #(#entry_arms),* } }
            #[allow(unused_variables, reason = "a help line names some of the fields")]
            fn help(&self) -> String { match self { #(#helps),* } }
            fn places(&self) -> &[::diagnostics::Place] { match self { #(#places),* } }
        }
    })
}

/// One variant with its attributes.
struct Situation<'a> {
    variant: &'a Variant,
    code: LitStr,
    help: LitStr,
    /// Only if it differs from the enum's.
    exit: Option<LitInt>,
    no_answer: bool,
    explanation: String,
}

impl<'a> Situation<'a> {
    fn read(variant: &'a Variant) -> syn::Result<Self> {
        let (mut code, mut help, mut exit, mut no_answer) = (None, None, None, false);
        for attribute in explain_attributes(&variant.attrs) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("no_answer") {
                    no_answer = true;
                    return Ok(());
                }
                if meta.path.is_ident("exit") {
                    exit = Some(meta.value()?.parse::<LitInt>()?);
                    return Ok(());
                }
                let value = meta.value()?.parse::<LitStr>()?;
                if meta.path.is_ident("code") {
                    code = Some(value);
                } else if meta.path.is_ident("help") {
                    help = Some(value);
                } else {
                    return Err(meta.error("expected `code`, `help`, `exit` or `no_answer`"));
                }
                Ok(())
            })?;
        }
        let missing = |what: &str| {
            syn::Error::new(variant.span(), format!("`{}` has no {what}", variant.ident))
        };
        let explanation = doc_comment(&variant.attrs);
        if explanation.is_empty() {
            return Err(missing("doc comment as its explanation"));
        }
        Ok(Self {
            variant,
            code: code.ok_or_else(|| missing("`#[explain(code = …)]`"))?,
            help: help.ok_or_else(|| missing("`#[explain(help = …)]`"))?,
            exit,
            no_answer,
            explanation,
        })
    }

    fn entry(&self, exit: &LitInt) -> TokenStream {
        let Self { code, explanation, no_answer, .. } = self;
        let exit = self.exit.as_ref().unwrap_or(exit);
        let title = explanation.lines().next().unwrap_or_default();
        quote! {
            ::diagnostics::Entry {
                code: #code,
                title: #title,
                explanation: #explanation,
                exit: #exit,
                no_answer: #no_answer,
            }
        }
    }

    /// `index` is the position in the catalogue.
    fn entry_arm(&self, index: usize) -> TokenStream {
        let variant = &self.variant.ident;
        quote! { Self::#variant { .. } => &Self::CATALOGUE[#index] }
    }

    fn help_arm(&self) -> TokenStream {
        let (variant, help) = (&self.variant.ident, &self.help);
        let fields = self.variant.fields.iter().filter_map(|field| field.ident.as_ref());
        quote! { Self::#variant { #(#fields,)* .. } => format!(#help) }
    }

    fn places_arm(&self) -> TokenStream {
        let variant = &self.variant.ident;
        let has_places = matches!(&self.variant.fields, Fields::Named(fields)
            if fields.named.iter().any(|field| field.ident.as_ref().is_some_and(|name| name == "places")));
        if has_places {
            quote! { Self::#variant { places, .. } => places }
        } else {
            quote! { Self::#variant { .. } => &[] }
        }
    }
}

/// Whether a variant holds an error that explains itself.
fn is_transparent(variant: &Variant) -> bool {
    explain_attributes(&variant.attrs)
        .any(|attribute| attribute.parse_args::<Ident>().is_ok_and(|word| word == "transparent"))
}

fn exit_code(input: &DeriveInput) -> syn::Result<LitInt> {
    let mut exit = None;
    for attribute in explain_attributes(&input.attrs) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("exit") {
                return Err(meta.error("expected `exit`"));
            }
            exit = Some(meta.value()?.parse::<LitInt>()?);
            Ok(())
        })?;
    }
    exit.ok_or_else(|| syn::Error::new(input.span(), "`#[explain(exit = …)]` is missing"))
}

fn explain_attributes(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("explain"))
}

/// The lines of the doc comment, without the leading space after `///`.
fn doc_comment(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<String> =
        lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned()).collect();
    lines.join("\n").trim().to_owned()
}
