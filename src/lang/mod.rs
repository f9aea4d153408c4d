//! The names of the language. Structure is grammar, names are data: keywords stand in one table,
//! every other name (verb, option, relation, …) is a [`Spec`] in the [`Registry`], which check,
//! help, completion, highlighting and the reference read.

pub mod call;
mod keyword;
mod page;
mod registry;
pub mod sql;

pub use keyword::{KEYWORDS, Keyword, Role, is_reserved};
pub use page::{Page, Parameter, escaped};
pub use registry::{Kind, Param, Refusal, Refuses, Registry, Safety, Spec, Ty};
