//! One suite for every database: always against SQLite; against PostgreSQL and MySQL where
//! `tests/databases` has started one and said where.

mod only_mysql;
mod only_postgres;
mod only_sqlite;
mod suite;
mod world;

/// The tests of the suite, for one database, each with these attributes.
macro_rules! suite {
    ($room:ident, $dialect:ident, $attributes:tt; $($name:ident)*) => {
        mod $room {
            $(suite!(@one $dialect, $attributes, $name);)*
        }
    };
    (@one $dialect:ident, [$($attribute:tt)*], $name:ident) => {
        #[tokio::test]
        $($attribute)*
        async fn $name() {
            let world = super::world::World::new(crate::lang::sql::Dialect::$dialect, stringify!($name)).await;
            super::suite::$name(&world).await;
        }
    };
}

macro_rules! everywhere {
    ($($name:ident)*) => {
        suite!(sqlite, Sqlite, []; $($name)*);
        suite!(postgres, Postgres, [#[ignore = "needs a PostgreSQL server: tests/databases starts one"]]; $($name)*);
        suite!(mysql, MySql, [#[ignore = "needs a MySQL server: tests/databases starts one"]]; $($name)*);
    };
}

everywhere! {
    rows_are_objects_with_their_columns
    a_value_is_bound_and_never_text_of_the_statement
    lists_after_in_are_expanded
    changes_are_counted
    values_go_there_and_back
    objects_are_inserted_with_their_names_quoted
    many_rows_are_inserted_or_none
    rows_may_lack_columns
    failures_have_a_kind
    names_that_are_nearly_right_are_suggested
    a_transaction_is_seen_when_it_is_committed
    a_transaction_is_undone_by_rollback_and_by_the_end
    a_transaction_that_is_over_says_how
    a_statement_that_takes_too_long_is_ended
    the_end_of_the_scenario_ends_a_statement
    results_are_bounded
    only_what_is_safe_can_be_held_to_that
    two_columns_of_one_name_are_an_error
    secrets_are_masked
    many_at_once_share_connections
    what_cannot_be_asked_is_refused
    health_is_a_connection
}
