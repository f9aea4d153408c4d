//! A request and what came of it on one line, as timelines tell it: of a service that has a name,
//! the path says enough.

use super::Exchange;

impl Exchange {
    /// `POST /v1/orders` and `201 Created`.
    pub fn brief(&self) -> (String, String) {
        let url = self.request.split(' ').find(|word| word.contains("://"));
        match (&self.service, url) {
            (Some(_), Some(url)) => {
                let path = path(url);
                (self.request.replace(url, path), self.response.replace(url, path))
            }
            _ => (self.request.clone(), self.response.clone()),
        }
    }
}

/// What follows the scheme and the authority.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(service: Option<&str>, request: &str, response: &str) -> (String, String) {
        let (request, response) = (request.to_owned(), response.to_owned());
        Exchange { service: service.map(str::to_owned), request, response, ..Exchange::default() }.brief()
    }

    #[test]
    fn the_address_of_a_named_service_is_left_out() {
        let (request, response) = brief(
            Some("orders"),
            "POST http://127.0.0.1:4100/v1/orders?x=http://a",
            "`http://127.0.0.1:4100/v1/orders?x=http://a` closed the connection",
        );
        assert_eq!(request, "POST /v1/orders?x=http://a");
        assert_eq!(response, "`/v1/orders?x=http://a` closed the connection");
        assert_eq!(brief(Some("orders"), "GET http://127.0.0.1:4100", "200 OK").0, "GET /");
    }

    #[test]
    fn what_has_no_name_or_no_address_stays() {
        assert_eq!(brief(None, "GET http://a/b", "200 OK").0, "GET http://a/b");
        assert_eq!(brief(Some("ledger"), "call l.L/Get", "OK").0, "call l.L/Get");
    }
}
