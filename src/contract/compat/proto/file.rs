//! Files and packages.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::FileDescriptor;
use prost_types::FileOptions;

use super::{Walk, table};

/// The numbers of `package`, `options` and `syntax` in a file's descriptor, and of
/// `java_string_check_utf8` in its options.
const PACKAGE: i32 = 2;
const OPTIONS: i32 = 8;
const SYNTAX: i32 = 12;
const JAVA_UTF8: i32 = 27;

impl Walk<'_> {
    /// Everything that is said of whole files and packages.
    pub(super) fn files(&mut self) {
        let old = self.old;
        let pairs: Vec<(FileDescriptor, Option<FileDescriptor>)> =
            old.own_files().map(|file| (file.clone(), self.counterpart(&file))).collect();
        self.packages = renamed_packages(&pairs, self.new.own_files());
        self.lost_packages();
        for (before, after) in &pairs {
            match after {
                Some(after) => self.file(before, after),
                None => self.lost_file(before),
            }
        }
    }

    fn lost_file(&mut self, file: &FileDescriptor) {
        let message = format!("the file `{}` is gone", self.old.places.name_of(file));
        let mark = self.old.places.head(file, "it began here");
        let touches = self.all();
        self.say(table::PROTO_FILE_DELETED, message, mark, None, touches);
    }

    /// Packages of which no declaration is left, and that did not just get another name.
    fn lost_packages(&mut self) {
        let left: BTreeSet<String> =
            self.new.own_files().map(|file| file.package_name().to_owned()).collect();
        let mut gone: BTreeMap<String, FileDescriptor> = BTreeMap::new();
        for file in self.old.own_files() {
            let package = file.package_name();
            if !left.contains(package) && !self.packages.contains_key(package) {
                gone.entry(package.to_owned()).or_insert(file);
            }
        }
        for (package, file) in gone {
            let message = format!("nothing is left of the package `{package}`");
            let mark = self.old.places.exactly(&file, &[PACKAGE], "it was declared here");
            let touches = self.all();
            self.say(table::PACKAGE_DELETED, message, mark, None, touches);
        }
    }

    fn file(&mut self, old: &FileDescriptor, new: &FileDescriptor) {
        let (was, is) = (old.package_name(), new.package_name());
        if was != is {
            let message =
                format!("the package of `{}` was `{was}` and is `{is}` now", self.new.places.name_of(new));
            let marks = (
                self.old.places.exactly(old, &[PACKAGE], format!("it was `{was}`")),
                self.new.places.exactly(new, &[PACKAGE], format!("now `{is}`")),
            );
            let touches = self.all();
            self.say(table::PACKAGE_CHANGED, message, marks.0, marks.1, touches);
        }
        let (was, is) = (syntax(old), syntax(new));
        if was != is {
            let name = self.new.places.name_of(new).to_owned();
            let mut say = |rule, message| {
                let marks = (
                    self.old.places.exactly(old, &[SYNTAX], format!("it was `{was}`")),
                    self.new.places.exactly(new, &[SYNTAX], format!("now `{is}`")),
                );
                let touches = self.all();
                self.say(rule, message, marks.0, marks.1, touches);
            };
            say(table::SYNTAX_CHANGED, format!("the syntax of `{name}` was `{was}` and is `{is}` now"));
            if was == "proto3" {
                say(
                    table::JSON_FORMAT_LOST,
                    format!("`{name}` no longer promises that its messages have JSON"),
                );
            }
        }
        self.utf8(old, new);
        self.options(old, new);
    }

    fn utf8(&mut self, old: &FileDescriptor, new: &FileDescriptor) {
        let java = |file: &FileDescriptor| {
            let options = file.file_descriptor_proto().options.as_ref();
            options.is_some_and(|options| options.java_string_check_utf8())
        };
        let checks = |file: &FileDescriptor| (syntax(file) == "proto3", java(file));
        let (was, is) = (checks(old), checks(new));
        if was == is {
            return;
        }
        let word = |(all, java): (bool, bool)| match (all, java) {
            (true, _) => "checked",
            (false, true) => "checked in Java",
            (false, false) => "not checked",
        };
        let name = self.new.places.name_of(new);
        let message = format!("strings of `{name}` were {} for UTF-8 and are {} now", word(was), word(is));
        let at: &[i32] = if was.0 == is.0 { &[OPTIONS, JAVA_UTF8] } else { &[SYNTAX] };
        let marks = (
            self.old.places.exactly(old, at, format!("{} under this", word(was))),
            self.new.places.exactly(new, at, format!("{} under this", word(is))),
        );
        let touches = self.all();
        self.say(table::UTF8_CHECK_CHANGED, message, marks.0, marks.1, touches);
    }

    fn options(&mut self, old: &FileDescriptor, new: &FileDescriptor) {
        let (before, after) = (steering(old), steering(new));
        for ((name, number, was), (_, _, is)) in before.into_iter().zip(after) {
            if was == is {
                continue;
            }
            let shown = |value: &Option<String>| match value {
                Some(value) => format!("`{value}`"),
                None => "not set".to_owned(),
            };
            let file = self.new.places.name_of(new);
            let message =
                format!("the option `{name}` of `{file}` was {} and is {} now", shown(&was), shown(&is));
            let path = [OPTIONS, number];
            let marks = (
                self.old.places.exactly(old, &path, format!("it was {}", shown(&was))),
                self.new.places.exactly(new, &path, format!("now {}", shown(&is))),
            );
            let touches = self.all();
            self.say(table::FILE_OPTION_CHANGED, message, marks.0, marks.1, touches);
        }
    }
}

/// Packages that have another name in the new contract: every file of the old package that is
/// still there is of one new package, and the old name is gone.
fn renamed_packages(
    pairs: &[(FileDescriptor, Option<FileDescriptor>)],
    new: impl Iterator<Item = FileDescriptor>,
) -> BTreeMap<String, String> {
    let left: BTreeSet<String> = new.map(|file| file.package_name().to_owned()).collect();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (before, after) in pairs {
        if let Some(after) = after
            && !left.contains(before.package_name())
        {
            found
                .entry(before.package_name().to_owned())
                .or_default()
                .insert(after.package_name().to_owned());
        }
    }
    let single = found.into_iter().filter(|(_, names)| names.len() == 1);
    single.filter_map(|(old, names)| Some((old, names.into_iter().next()?))).collect()
}

/// `proto2`, which is also meant where nothing is written, or `proto3`.
pub(super) fn syntax(file: &FileDescriptor) -> &str {
    match file.file_descriptor_proto().syntax() {
        "" => "proto2",
        other => other,
    }
}

/// The options that steer generated code, with their numbers in `FileOptions`. What is not
/// written has its default, so that writing the default changes nothing.
fn steering(file: &FileDescriptor) -> Vec<(&'static str, i32, Option<String>)> {
    let none = FileOptions::default();
    let options = file.file_descriptor_proto().options.as_ref().unwrap_or(&none);
    let flag = |value: bool| Some(value.to_string());
    let speed = match options.optimize_for() {
        prost_types::file_options::OptimizeMode::Speed => "SPEED",
        prost_types::file_options::OptimizeMode::CodeSize => "CODE_SIZE",
        prost_types::file_options::OptimizeMode::LiteRuntime => "LITE_RUNTIME",
    };
    vec![
        ("java_package", 1, options.java_package.clone()),
        ("java_outer_classname", 8, options.java_outer_classname.clone()),
        ("optimize_for", 9, Some(speed.to_owned())),
        ("java_multiple_files", 10, flag(options.java_multiple_files())),
        ("go_package", 11, options.go_package.clone()),
        ("cc_generic_services", 16, flag(options.cc_generic_services())),
        ("java_generic_services", 17, flag(options.java_generic_services())),
        ("py_generic_services", 18, flag(options.py_generic_services())),
        ("cc_enable_arenas", 31, flag(options.cc_enable_arenas())),
        ("objc_class_prefix", 36, options.objc_class_prefix.clone()),
        ("csharp_namespace", 37, options.csharp_namespace.clone()),
        ("swift_prefix", 39, options.swift_prefix.clone()),
        ("php_class_prefix", 40, options.php_class_prefix.clone()),
        ("php_namespace", 41, options.php_namespace.clone()),
        ("php_metadata_namespace", 44, options.php_metadata_namespace.clone()),
        ("ruby_package", 45, options.ruby_package.clone()),
    ]
}
