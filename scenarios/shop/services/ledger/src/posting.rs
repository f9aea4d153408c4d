//! The rules of book-keeping: which postings are sound, and which entries each makes.

use crate::proto::{EntryType, PostRequest};

/// Where the shop's revenue stands.
const SALES: &str = "sales";
/// Where the money that came in stands.
const CASH: &str = "cash";

/// The shop's own accounts. Every other account is a customer's.
pub(crate) const SHOP_ACCOUNTS: [&str; 2] = [SALES, CASH];

/// No single posting may be larger: 10 000.00 of a currency with cents.
pub(crate) const LIMIT_MINOR: i64 = 1_000_000;

const LONGEST_NAME: usize = 64;

/// Why the ledger does not do what it was asked.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Fields that make no sense, each with what was expected.
    Invalid(Vec<(&'static str, String)>),
    /// The amount is above [`LIMIT_MINOR`].
    OverLimit(i64),
    /// The entry id stands for another posting already.
    Conflict(String),
    /// No entry is about this order.
    OrderUnknown(String),
    /// The store failed.
    Storage(rusqlite::Error),
}

impl Refusal {
    /// One field that makes no sense.
    pub(crate) fn invalid(field: &'static str, expected: impl Into<String>) -> Self {
        Self::Invalid(vec![(field, expected.into())])
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error)
    }
}

/// A posting that obeys the rules.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Posting {
    request: PostRequest,
    shop_account: &'static str,
    /// What the customer's account gains; the shop's loses as much.
    debit: i64,
}

impl Posting {
    /// The entries to write as `(account, amount)`: the customer's, then the shop's.
    pub(crate) fn legs(&self) -> [(&str, i64); 2] {
        [(&self.request.account, self.debit), (self.shop_account, -self.debit)]
    }
}

impl std::ops::Deref for Posting {
    type Target = PostRequest;

    fn deref(&self) -> &PostRequest {
        &self.request
    }
}

impl TryFrom<PostRequest> for Posting {
    type Error = Refusal;

    fn try_from(request: PostRequest) -> Result<Self, Refusal> {
        let mut faults = Vec::new();
        for (field, name) in [
            ("entry_id", &request.entry_id),
            ("order_id", &request.order_id),
            ("customer_id", &request.customer_id),
            ("account", &request.account),
        ] {
            if name.is_empty() || name.chars().count() > LONGEST_NAME {
                faults.push((field, format!("must have 1 to {LONGEST_NAME} characters")));
            }
        }
        if SHOP_ACCOUNTS.contains(&request.account.as_str()) {
            faults.push(("account", "must be a customer's, not the shop's".into()));
        }
        if request.amount_minor <= 0 {
            faults.push(("amount_minor", "must be above zero".into()));
        }
        if request.currency.len() != 3 || !request.currency.bytes().all(|b| b.is_ascii_uppercase()) {
            faults.push(("currency", "must be three capital letters (ISO 4217)".into()));
        }
        let mirror = match request.r#type() {
            EntryType::Placed => Some((SALES, request.amount_minor)),
            EntryType::Paid => Some((CASH, request.amount_minor.wrapping_neg())),
            EntryType::Void => Some((SALES, request.amount_minor.wrapping_neg())),
            EntryType::Unspecified => {
                faults.push(("type", "must be PLACED, PAID or VOID".into()));
                None
            }
        };
        match mirror {
            Some((shop_account, debit)) if faults.is_empty() => {
                if request.amount_minor > LIMIT_MINOR {
                    return Err(Refusal::OverLimit(request.amount_minor));
                }
                Ok(Self { request, shop_account, debit })
            }
            _ => Err(Refusal::Invalid(faults)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A sound posting of 59.98 for an order of alice's.
    pub(crate) fn sound(entry_id: &str) -> PostRequest {
        PostRequest {
            entry_id: entry_id.into(),
            order_id: format!("order of {entry_id}"),
            customer_id: "alice".into(),
            account: "alice".into(),
            amount_minor: 5998,
            currency: "EUR".into(),
            r#type: EntryType::Placed.into(),
            metadata: [("channel".into(), "web".into())].into(),
        }
    }

    fn legs(kind: EntryType) -> Option<[(String, i64); 2]> {
        let posting = Posting::try_from(PostRequest { r#type: kind.into(), ..sound("e1") }).ok()?;
        Some(posting.legs().map(|(account, amount)| (account.to_owned(), amount)))
    }

    #[test]
    fn every_debit_has_its_credit() {
        let pair = |shop: &str, debit: i64| Some([("alice".to_owned(), debit), (shop.to_owned(), -debit)]);
        assert_eq!(legs(EntryType::Placed), pair("sales", 5998));
        assert_eq!(legs(EntryType::Paid), pair("cash", -5998));
        assert_eq!(legs(EntryType::Void), pair("sales", -5998));
        assert_eq!(legs(EntryType::Unspecified), None);
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let posting = Posting::try_from(PostRequest {
            account: "sales".into(),
            amount_minor: i64::MIN,
            currency: "eur".into(),
            r#type: 42,
            ..PostRequest::default()
        });
        let Err(Refusal::Invalid(faults)) = posting else {
            unreachable!("a posting without a sound field passed: {posting:?}")
        };
        let fields: Vec<_> = faults.into_iter().map(|(field, _)| field).collect();
        assert_eq!(
            fields,
            ["entry_id", "order_id", "customer_id", "account", "amount_minor", "currency", "type"]
        );
    }

    #[test]
    fn a_posting_over_the_limit_is_refused() {
        let of = |amount_minor| Posting::try_from(PostRequest { amount_minor, ..sound("e1") });
        assert!(of(LIMIT_MINOR).is_ok());
        assert!(matches!(of(LIMIT_MINOR + 1), Err(Refusal::OverLimit(1_000_001))));
    }
}
