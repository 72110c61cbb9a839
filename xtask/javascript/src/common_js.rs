//! CommonJS modules: their `require` calls, and other uses of the module system.

use std::{ops::Range, sync::Arc};

use diagnostics::Source;
use oxc_allocator::Allocator;
use oxc_ast::ast::{Argument, BindingIdentifier, CallExpression, Expression, IdentifierReference};
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan as _, Span};

use crate::{JavaScriptError, Language};

/// Names that only Node's module system defines.
const OF_THE_SYSTEM: [&str; 3] = ["require", "__dirname", "__filename"];

/// The uses of the module system in a CommonJS module.
#[derive(Debug, Default)]
pub struct CommonJs {
    /// Every `require('…')`, in order.
    pub requires: Vec<Require>,
    /// All other uses of the module system, such as a computed `require` or `__dirname`.
    pub unfit: Vec<Range<usize>>,
}

/// One `require('…')`.
#[derive(Debug)]
pub struct Require {
    /// The required module.
    pub specifier: String,
    /// The whole call.
    pub span: Range<usize>,
}

impl CommonJs {
    /// Reads a module.
    ///
    /// # Errors
    /// P018 if the text does not parse as strict code, which every ECMAScript module is.
    pub fn read(source: &Arc<Source>) -> Result<Self, JavaScriptError> {
        let allocator = Allocator::default();
        let program = crate::parse(&allocator, &source.text, Language::JavaScript)
            .map_err(|problem| JavaScriptError::unreadable(source, problem))?;
        let mut module = Self::default();
        module.visit_program(&program);
        module.requires.sort_by_key(|require| require.span.start);
        Ok(module)
    }

    /// The module's text with each `require('…')` replaced by an expression; the rest is unchanged.
    #[must_use]
    pub fn with(&self, source: &Source, expression: impl Fn(&Require) -> String) -> String {
        let (mut text, mut end) = (String::new(), 0);
        for require in &self.requires {
            text.push_str(&source.text[end..require.span.start]);
            text.push_str(&expression(require));
            end = require.span.end;
        }
        text.push_str(&source.text[end..]);
        text
    }

    fn needs_system(&mut self, name: &str, span: Span) {
        if OF_THE_SYSTEM.contains(&name) {
            self.unfit.push(range(span));
        }
    }
}

impl<'a> Visit<'a> for CommonJs {
    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        match (&call.callee, call.arguments.as_slice()) {
            (Expression::Identifier(callee), [Argument::StringLiteral(specifier)])
                if callee.name == "require" =>
            {
                let specifier = specifier.value.to_string();
                self.requires.push(Require { specifier, span: range(call.span()) });
            }
            _ => walk::walk_call_expression(self, call),
        }
    }

    fn visit_identifier_reference(&mut self, identifier: &IdentifierReference<'a>) {
        self.needs_system(&identifier.name, identifier.span);
    }

    /// A module's own declaration of such a name would be misread.
    fn visit_binding_identifier(&mut self, identifier: &BindingIdentifier<'a>) {
        self.needs_system(&identifier.name, identifier.span);
    }
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

#[cfg(test)]
mod tests {
    use super::{CommonJs, Source};

    #[test]
    fn only_requires_are_replaced() {
        let text = "const { a } = require( './a' ); // require('b')\nmodule.exports = () => require(\"c\").d;";
        let source = Source::new("m.js", text);
        let module = CommonJs::read(&source).unwrap();
        assert_eq!(
            module.with(&source, |require| format!("<{}>", require.specifier)),
            "const { a } = <./a>; // require('b')\nmodule.exports = () => <c>.d;"
        );
        assert!(module.unfit.is_empty());
    }

    #[test]
    fn other_uses_of_the_module_system_are_found() {
        for text in [
            "require(name)",
            "require.resolve('a')",
            "const load = require;",
            "require('a', 'b')",
            "read(__dirname)",
            "function outer(require) { require('a'); }",
        ] {
            let module = CommonJs::read(&Source::new("m.js", text)).unwrap();
            assert_eq!(module.unfit.len(), 1, "{text}");
        }
        let module =
            CommonJs::read(&Source::new("m.js", "x.require(1); ({ require: 1 })")).unwrap();
        assert!(module.unfit.is_empty());
    }
}
