//! `--allow`, `--warn` and `--deny`: the levels of lints.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use crate::diag::{Code, did_you_mean, find_code, lints};
use crate::lint::{Level, Levels};

/// The options with their levels and what their help says.
const OPTIONS: &[(&str, Level, &str)] = &[
    ("allow", Level::Allow, "Say nothing of what this lint finds; may be given several times"),
    ("warn", Level::Warn, "Warn of what this lint finds, as they all do unless told otherwise"),
    (
        "deny",
        Level::Deny,
        "Treat what this lint finds as an error; of several options for a lint the last one holds",
    ),
];

impl Args for Levels {
    fn augment_args(command: Command) -> Command {
        OPTIONS.iter().fold(command, |command, (name, _, help)| {
            let arg = Arg::new(*name).long(*name).value_name("LINT").help(*help);
            command.arg(arg.action(ArgAction::Append).value_parser(lint))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Levels::augment_args(command)
    }
}

/// clap tells the options apart; only their places tell which came last.
impl FromArgMatches for Levels {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Levels, Error> {
        let mut levels = Levels::default();
        levels.update_from_arg_matches(matches)?;
        Ok(levels)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        let mut given: Vec<(usize, &'static Code, Level)> = Vec::new();
        for (name, level, _) in OPTIONS {
            let places = matches.indices_of(name).into_iter().flatten();
            let codes = matches.get_many::<&'static Code>(name).into_iter().flatten();
            given.extend(places.zip(codes).map(|(place, code)| (place, *code, *level)));
        }
        given.sort_by_key(|(place, ..)| *place);
        given.into_iter().for_each(|(_, code, level)| self.set(code, level));
        Ok(())
    }
}

/// The lint of a name.
fn lint(name: &str) -> Result<&'static Code, String> {
    match find_code(name) {
        Some(code) if code.lint => Ok(code),
        code => {
            let what =
                if code.is_some() { "this is the code of another message" } else { "there is no such lint" };
            let all = || format!("the lints are {}", lints().collect::<Vec<_>>().join(", "));
            Err(format!("{what}; {}", did_you_mean(name, lints()).unwrap_or_else(all)))
        }
    }
}
