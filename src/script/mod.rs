//! rhai: custom checks and functions. Scripts compute and nothing else: no files, connections,
//! processes, clocks, modules or `eval`; operations, depth, sizes and time are limited. Numbers are
//! exact: integers of 64 bits and decimals of 28 digits, and what does not fit is an error.

mod convert;
mod engine;
mod error;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use rhai::{AST, CallFnOptions, Dynamic, Engine, FnAccess, Scope};

use crate::value::{Key, MASK, Path, Step, Value};
use engine::{Limits, Notes};
pub use error::ScriptError;

/// The engine for all scripts of a run; one is enough, and cheap to share.
#[derive(Debug)]
pub struct Scripts {
    engine: Engine,
    limits: Limits,
}

/// A compiled `check` or `fn`.
#[derive(Debug, Clone)]
pub struct Script {
    name: Arc<str>,
    params: Vec<Arc<str>>,
    code: Arc<str>,
    ast: Arc<AST>,
}

/// A compiled `.rhai` file.
#[derive(Debug, Clone)]
pub struct ScriptFile {
    name: Arc<str>,
    functions: Vec<ScriptFunction>,
    code: Arc<str>,
    ast: Arc<AST>,
}

/// A function of a script file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptFunction {
    /// Its name.
    pub name: Arc<str>,
    /// Its parameters in order; all are required.
    pub params: Vec<Arc<str>>,
}

/// How a script ended.
#[derive(Debug, Clone, PartialEq)]
pub enum ScriptOutcome {
    /// With a value; `()` is `null`.
    Value(Value),
    /// With `fail("why")`; masked when the script was given a secret.
    Fail(String),
}

impl Default for Scripts {
    fn default() -> Scripts {
        Scripts::new()
    }
}

impl Scripts {
    /// A sandboxed engine.
    pub fn new() -> Scripts {
        Scripts::with_limits(Limits::default())
    }

    fn with_limits(limits: Limits) -> Scripts {
        Scripts { engine: engine::sandboxed(&limits), limits }
    }

    /// The same with another limit on the time of one call.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Scripts {
        Scripts { limits: Limits { deadline, ..self.limits }, ..self }
    }

    /// Compiles the code of a `check` or `fn` with its parameters. A variable that is neither
    /// declared nor a parameter is an error here already.
    pub fn compile(&self, name: &str, params: &[Arc<str>], code: &str) -> Result<Script, ScriptError> {
        let mut scope = Scope::new();
        for param in params {
            if !is_variable(&self.engine, param) {
                let message = format!("`{param}` is a reserved word of rhai");
                return Err(ScriptError::new(message).help("give the parameter another name"));
            }
            scope.push(param.as_ref(), ());
        }
        let ast = engine::on_own_stack(&self.limits, || self.engine.compile_with_scope(&scope, code))?;
        let ast = ast.map_err(|error| error::from_parse(&error, code))?;
        Ok(Script { name: name.into(), params: params.to_vec(), code: code.into(), ast: Arc::new(ast) })
    }

    /// Compiles a `.rhai` file, which holds functions only.
    pub fn compile_file(&self, name: &str, code: &str) -> Result<ScriptFile, ScriptError> {
        let ast = engine::on_own_stack(&self.limits, || self.engine.compile(code))?;
        let ast = ast.map_err(|error| error::from_parse(&error, code))?;
        if let Some(statement) = ast.statements().first() {
            return Err(ScriptError::new("a script file holds functions only")
                .at(code, statement.position())
                .help("put the statement into a function: `fn name(x) { … }`"));
        }
        let public = ast.iter_functions().filter(|function| function.access == FnAccess::Public);
        let mut functions: Vec<ScriptFunction> = public
            .map(|function| ScriptFunction {
                name: function.name.into(),
                params: function.params.iter().map(|param| Arc::from(*param)).collect(),
            })
            .collect();
        functions.sort_by(|a, b| (&a.name, a.params.len()).cmp(&(&b.name, b.params.len())));
        Ok(ScriptFile { name: name.into(), functions, code: code.into(), ast: Arc::new(ast) })
    }

    /// Runs a script; the arguments are in the order of its parameters.
    pub fn call(&self, script: &Script, args: Vec<Value>) -> Result<ScriptOutcome, ScriptError> {
        arity(&script.name, script.params.len(), args.len())?;
        self.run(&script.code, &args, |args| {
            let mut scope = Scope::new();
            for (param, value) in script.params.iter().zip(args) {
                scope.push_dynamic(param.as_ref(), value);
            }
            self.engine.eval_ast_with_scope::<Dynamic>(&mut scope, &script.ast)
        })
    }

    /// Calls a function of a script file.
    pub fn call_function(
        &self,
        file: &ScriptFile,
        name: &str,
        args: Vec<Value>,
    ) -> Result<ScriptOutcome, ScriptError> {
        let mut named = file.functions.iter().filter(|function| *function.name == *name).peekable();
        let Some(first) = named.peek().copied() else {
            let error = ScriptError::new(format!("`{}` has no function `{name}`", file.name));
            let known = file.functions.iter().map(|function| &*function.name);
            return Err(match crate::diag::did_you_mean(name, known) {
                Some(advice) => error.help(advice),
                None => error,
            });
        };
        if !named.any(|function| function.params.len() == args.len()) {
            arity(name, first.params.len(), args.len())?;
        }
        self.run(&file.code, &args, |args| {
            let options = CallFnOptions::new().eval_ast(false);
            self.engine.call_fn_with_options::<Dynamic>(options, &mut Scope::new(), &file.ast, name, args)
        })
    }

    /// Runs a `check`: `None` when it passes, why when it does not. It passes when it ends with
    /// nothing or `true`, and fails on `false` and `fail("why")`; any other value is an error, and
    /// never a pass.
    pub fn check(&self, script: &Script, args: Vec<Value>) -> Result<Option<String>, ScriptError> {
        match self.call(script, args)? {
            ScriptOutcome::Value(Value::Null | Value::Bool(true)) => Ok(None),
            ScriptOutcome::Value(Value::Bool(false)) => Ok(Some(format!("`{}` returned false", script.name))),
            ScriptOutcome::Fail(why) => Ok(Some(why)),
            ScriptOutcome::Value(other) => Err(ScriptError::new(format!(
                "the check `{}` ended with {}",
                script.name,
                crate::value::words::a_kind(&other)
            ))
            .help("a check ends with nothing or `true` when it holds, with `false` or `fail(\"why\")` when it does not")),
        }
    }

    fn run(
        &self,
        code: &str,
        args: &[Value],
        eval: impl FnOnce(Vec<Dynamic>) -> Result<Dynamic, Box<rhai::EvalAltResult>> + Send,
    ) -> Result<ScriptOutcome, ScriptError> {
        let secret = args.iter().any(Value::is_secret);
        engine::on_own_stack(&self.limits, || {
            let args: Result<Vec<Dynamic>, String> = args.iter().map(convert::to_rhai).collect();
            let args = args.map_err(ScriptError::new)?;
            let notes = Notes::start(self.limits.deadline);
            let outcome = match eval(args) {
                Ok(value) => {
                    convert::from_rhai(&value, secret).map(ScriptOutcome::Value).map_err(ScriptError::new)
                }
                Err(error) => error::from_eval(*error, code, &self.limits, secret),
            };
            let printed =
                if secret && !notes.printed().is_empty() { vec![MASK.to_owned()] } else { notes.printed() };
            outcome.map_err(|error| error.notes(printed))
        })?
    }
}

impl ScriptFile {
    /// The functions it offers, in alphabetical order; private ones are not among them.
    pub fn functions(&self) -> &[ScriptFunction] {
        &self.functions
    }
}

/// A key as scripts get it: `.account` is `"account"`, so that `record[by]` works; a longer path
/// is a list of its names and indexes, and several keys are a list of such lists. `at(record, by)`
/// takes them all.
pub fn key_value(key: &Key) -> Value {
    match key {
        Key::One(path) => path_value(path),
        Key::Many(paths) => Value::object([("keys", Value::list(paths.iter().map(path_value).collect()))]),
    }
}

fn path_value(path: &Path) -> Value {
    let step = |step: &Step| match step {
        Step::Field(name) => Value::text(name.clone()),
        Step::Index(index) => Value::int(*index),
        Step::Each => Value::text("*"),
    };
    match path.0.as_slice() {
        [one] => step(one),
        steps => Value::list(steps.iter().map(step).collect()),
    }
}

fn is_variable(engine: &Engine, name: &str) -> bool {
    engine.compile(format!("let {name} = 0;")).is_ok()
}

fn arity(name: &str, wanted: usize, got: usize) -> Result<(), ScriptError> {
    if wanted == got {
        return Ok(());
    }
    let plural = if wanted == 1 { "" } else { "s" };
    Err(ScriptError::new(format!("`{name}` takes {wanted} argument{plural}, not {got}")))
}
