//! Inputs and secrets from the command line: `--set` and the env file.

use std::collections::BTreeMap;
use std::path::Path;

use super::project::Project;
use super::select::{Misunderstood, misunderstood};
use crate::diag::did_you_mean;
use crate::syntax::ast::ItemKind;

/// Variables of the environment and of env files that speak to scn begin with this.
const PREFIX: &str = "SCN_";

/// What the modules ask for.
struct Known {
    inputs: Vec<String>,
    secrets: Vec<String>,
}

fn known(project: &Project) -> Known {
    let mut known = Known { inputs: Vec::new(), secrets: Vec::new() };
    for (_, item) in project.plan.program.items() {
        match &item.kind {
            ItemKind::Input(input) => known.inputs.push(input.name.name.to_string()),
            ItemKind::Secret(secret) => known.secrets.push(secret.name.name.to_string()),
            _ => {}
        }
    }
    known
}

/// The inputs by name; what `--set` says goes before the env file. Warnings go to `warnings`.
pub(super) fn read(
    project: &Project,
    set: &[(String, String)],
    env_file: Option<&Path>,
    warnings: &mut Vec<String>,
) -> Result<BTreeMap<String, String>, Box<Misunderstood>> {
    let known = known(project);
    let mut inputs = BTreeMap::new();
    if let Some(path) = env_file {
        read_file(path, &known, &mut inputs, warnings)?;
    }
    for (name, value) in set {
        // The value may be a secret that should not stand here: it is not shown.
        let text = format!("--set {name}=…");
        let span = ("--set ".len(), "--set ".len() + name.len());
        let wrong = |message: String, help: Option<String>| {
            misunderstood("the command line", &text, span, message, help)
        };
        if known.secrets.contains(name) {
            let message = format!("`{name}` is a secret, and others can read the command line");
            let variable = format!("{PREFIX}{}", name.to_uppercase());
            let help = format!("set `{variable}` in the environment, or name it in an --env-file");
            return Err(wrong(message, Some(help)));
        }
        if !known.inputs.contains(name) {
            let help = did_you_mean(name, known.inputs.iter().map(String::as_str)).or_else(|| {
                let names: Vec<String> = known.inputs.iter().map(|name| format!("`{name}`")).collect();
                Some(if names.is_empty() {
                    "the scenarios declare no `input`".to_owned()
                } else {
                    format!("the inputs are {}", names.join(", "))
                })
            });
            return Err(wrong(format!("there is no input `{name}`"), help));
        }
        inputs.insert(name.clone(), value.clone());
    }
    Ok(inputs)
}

fn read_file(
    path: &Path,
    known: &Known,
    inputs: &mut BTreeMap<String, String>,
    warnings: &mut Vec<String>,
) -> Result<(), Box<Misunderstood>> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let text = format!("--env-file {name}");
        let span = ("--env-file ".len(), text.len());
        let message = format!("the env file cannot be read: {}", crate::value::words::plain(&error));
        misunderstood("the command line", &text, span, message, None)
    })?;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        let Some((key, value)) = line.split_once('=') else {
            let message = format!("line {} of the env file is no NAME=VALUE", number + 1);
            // The line itself may hold a secret: it is not shown.
            let shown = "•".repeat(3);
            let span = (0, shown.len());
            let place = format!("{name}, line {}", number + 1);
            return Err(misunderstood(&place, &shown, span, message, None));
        };
        let key = key.trim();
        let bare = key.strip_prefix(PREFIX).unwrap_or(key);
        let all = || known.inputs.iter().chain(&known.secrets);
        match all().find(|known| known.eq_ignore_ascii_case(bare)) {
            Some(found) => {
                inputs.insert(found.clone(), unquote(value.trim()));
            }
            None if key.starts_with(PREFIX) => {
                let near = did_you_mean(&bare.to_lowercase(), all().map(String::as_str));
                let near = near.map(|near| format!("; {near}")).unwrap_or_default();
                warnings
                    .push(format!("{name}: no input or secret is called `{}`{near}", bare.to_lowercase()));
            }
            // Env files are shared with other programs.
            None => {}
        }
    }
    Ok(())
}

/// Quotes around a value are taken off; in double quotes `\n`, `\"` and `\\` are read.
fn unquote(value: &str) -> String {
    if let Some(inner) = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return inner.to_owned();
    }
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.split(" #").next().unwrap_or(value).trim_end().to_owned();
    };
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some(c @ ('"' | '\\' | '$')) => out.push(c),
                Some(c) => out.extend(['\\', c]),
                None => out.push('\\'),
            },
            (c, false) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Result<BTreeMap<String, String>, String>, Vec<String>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let known = Known { inputs: vec!["region".into()], secrets: vec!["api_key".into()] };
        let (mut inputs, mut warnings) = (BTreeMap::new(), Vec::new());
        let result = read_file(file.path(), &known, &mut inputs, &mut warnings);
        (result.map(|()| inputs).map_err(|wrong| wrong.diagnostic.message), warnings)
    }

    #[test]
    fn env_files_are_read() {
        let text = "# note\n\nexport SCN_REGION=us # here\nAPI_KEY=\"a b\\\"c\"\nPATH=/bin\nSCN_REGON=x\n";
        let (inputs, warnings) = read_text(text);
        let inputs = inputs.unwrap();
        assert_eq!(inputs["region"], "us");
        assert_eq!(inputs["api_key"], "a b\"c");
        assert_eq!(inputs.len(), 2);
        assert_eq!(warnings.len(), 1);
        assert!(
            warnings[0].ends_with("no input or secret is called `regon`; did you mean `region`?"),
            "{warnings:?}"
        );
    }

    #[test]
    fn a_line_that_is_no_pair_is_an_error_that_does_not_show_it() {
        let (result, _) = read_text("region=eu\nhunter2hunter2\n");
        assert_eq!(result.unwrap_err(), "line 2 of the env file is no NAME=VALUE");
    }
}
