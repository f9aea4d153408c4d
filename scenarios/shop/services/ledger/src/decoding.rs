//! What is no message is the caller's mistake. tonic reports it as INTERNAL, as if the ledger had
//! failed, and nobody would look at the request.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response};
use tonic::{Code, Status, body::Body};
use tower_layer::Layer;
use tower_service::Service;

/// How prost begins to say that bytes are no message.
const UNDECODABLE: &str = "failed to decode Protobuf message";

/// Wraps the server: a request that cannot be decoded is answered with INVALID_ARGUMENT.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoding;

impl<S> Layer<S> for Decoding {
    type Service = Decoded<S>;

    fn layer(&self, inner: S) -> Decoded<S> {
        Decoded(inner)
    }
}

/// A service whose callers are told what they did wrong.
#[derive(Debug, Clone)]
pub(crate) struct Decoded<S>(S);

impl<S> Service<Request<Body>> for Decoded<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = self.0.call(request);
        Box::pin(async move { answer.await.map(told) })
    }
}

fn told(response: Response<Body>) -> Response<Body> {
    match Status::from_header_map(response.headers()) {
        Some(status) if status.code() == Code::Internal && status.message().starts_with(UNDECODABLE) => {
            Status::invalid_argument(status.message()).into_http()
        }
        _ => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_be_decoded_is_the_callers_mistake() {
        let code = |status: Status| Status::from_header_map(told(status.into_http()).headers()).map(|s| s.code());
        assert_eq!(code(Status::internal(format!("{UNDECODABLE}: buffer underflow"))), Some(Code::InvalidArgument));
        assert_eq!(code(Status::internal("the disk is full")), Some(Code::Internal));
        assert_eq!(code(Status::not_found(UNDECODABLE)), Some(Code::NotFound));
    }
}
