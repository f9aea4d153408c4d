//! The rules for OpenAPI. `source`: generated code still compiles, and stays where it is.
//! `package`: it still compiles, wherever its parts are. `json`: bodies, parameters and answers
//! are still understood; requests may only become more permissive, answers only more strict.
//! `wire`: requests still find their operation and are not refused for what they are made of.
//! Each level asks what the next asks, and more.

use crate::contract::compat::rule::table;

table! { OpenApi
    // operations
    OPERATION_DELETED "operation-deleted" [Source Package Json Wire] "":
        "an operation is gone, or has another method or path",
        "whoever calls it is answered 404 or 405",
        "keep it and mark it `deprecated`; a new path may stand beside it";
    OPERATION_ID_CHANGED "operation-id-changed" [Source Package] "":
        "an operation has another `operationId`",
        "generated clients have another function, so their users no longer compile",
        "keep the `operationId`";
    OPERATION_MOVED "operation-moved" [Source] "":
        "an operation has another first tag",
        "generators that make a file or class of each tag put it elsewhere, so its users no longer compile",
        "keep the first tag; more may follow";
    SCHEMA_DELETED "schema-deleted" [Source Package] "":
        "a named schema is gone",
        "generated code lacks the type, so its users no longer compile",
        "keep the schema and mark it `deprecated`";
    SECURITY_NARROWED "security-narrowed" [Source Package Json Wire] "":
        "credentials that were accepted no longer are",
        "whoever calls with them, or with none, is answered 401",
        "accept the old ones beside the new ones until nobody uses them";
    // parameters and bodies of requests
    PARAMETER_REQUIRED "parameter-required" [Source Package Json Wire] "":
        "a parameter is required, and was not",
        "requests without it, as everyone sends them today, are refused",
        "make it optional, with a default that means what its absence meant";
    PARAMETER_DELETED "parameter-deleted" [Source Package Json] "":
        "a parameter is gone",
        "what callers say with it is ignored or refused",
        "keep it and mark it `deprecated`";
    PARAMETER_STYLE_CHANGED "parameter-style-changed" [Source Package Json Wire] "":
        "a parameter is written in another way",
        "the service reads other values from what callers send, or none",
        "keep `style`, `explode` and the media type, or add a new parameter";
    PATH_PARAMETER_RENAMED "path-parameter-renamed" [Source Package] "":
        "a parameter of a path has another name",
        "generated clients call it by another name, so their users no longer compile",
        "keep the name: it is no part of what is sent";
    REQUEST_BODY_REQUIRED "request-body-required" [Source Package Json Wire] "":
        "a body is required, and was not",
        "requests without a body are refused",
        "leave it optional";
    REQUEST_BODY_DELETED "request-body-deleted" [Source Package Json] "":
        "an operation no longer takes a body",
        "what callers send in it is ignored or refused",
        "keep taking it, or add a new operation";
    REQUEST_MEDIA_TYPE_REMOVED "request-media-type-removed" [Source Package Json Wire] "":
        "a body is no longer taken in a media type",
        "requests in that media type are answered 415",
        "keep taking it beside the new ones";
    // what is sent to the service
    REQUEST_TYPE_NARROWED "request-type-narrowed" [Source Package Json] "":
        "a value in requests may no longer be of a type",
        "what callers send today is refused",
        "keep taking the old type beside the new one, or add a new field";
    REQUEST_VALUE_REMOVED "request-value-removed" [Source Package Json] "":
        "a value in requests is no longer taken",
        "callers that send it are refused",
        "keep taking it, and say in the description that it is deprecated";
    REQUEST_LIMIT_NARROWED "request-limit-narrowed" [Source Package Json] "":
        "a limit, format or condition of a value in requests is tighter",
        "values that callers send today are refused",
        "keep the limit, or tell apart new callers by a new field or operation";
    REQUEST_PROPERTY_REQUIRED "request-property-required" [Source Package Json] "":
        "a property in requests is required, and was not",
        "requests without it, as everyone sends them today, are refused",
        "make it optional, with a default that means what its absence meant";
    REQUEST_PROPERTY_REMOVED "request-property-removed" [Source Package Json] "":
        "a property of requests is gone, and the object takes no others",
        "callers that send it are refused",
        "keep it and mark it `deprecated`";
    REQUEST_OBJECT_CLOSED "request-object-closed" [Source Package Json] "":
        "an object in requests no longer takes properties that it does not name",
        "callers that send others are refused",
        "leave it open, and ignore what is not known";
    REQUEST_VARIANT_REMOVED "request-variant-removed" [Source Package Json] "":
        "a form of a value in requests is no longer taken",
        "callers that send it are refused",
        "keep taking it beside the new ones";
    REQUEST_DEFAULT_CHANGED "request-default-changed" [Source Package Json] "":
        "what is left out of a request means something else",
        "callers that leave it out, as they always did, get another result",
        "keep the default, or add a new property or parameter";
    DISCRIMINATOR_CHANGED "discriminator-changed" [Source Package Json] "":
        "the forms of a value are told apart by another property, or by other values of it",
        "one side takes the value for another form than the one that was meant, or for none",
        "keep the property and its values; new forms may have new ones";
    // what the service answers
    RESPONSE_STATUS_ADDED "response-status-added" [Source Package Json] "":
        "an operation may answer with a status that it did not declare",
        "callers meet an answer that they do not know how to read",
        "answer with a status that was declared, or declare a class such as `4XX` from the beginning";
    RESPONSE_STATUS_REMOVED "response-status-removed" [Source Package Json] "":
        "an operation no longer answers with a success that it declared",
        "callers wait in vain for it",
        "keep answering with it";
    RESPONSE_BODY_DELETED "response-body-deleted" [Source Package Json] "":
        "an answer no longer has a body",
        "callers read a body that is not there",
        "keep the body";
    RESPONSE_MEDIA_TYPE_REMOVED "response-media-type-removed" [Source Package Json Wire] "":
        "an answer no longer comes in a media type",
        "callers that ask for it are answered 406, or get what they cannot read",
        "keep it beside the new ones";
    RESPONSE_HEADER_LOST "response-header-lost" [Source Package Json] "":
        "an answer no longer promises a header",
        "callers that read it find nothing",
        "keep sending it, and say so with `required: true`";
    RESPONSE_TYPE_WIDENED "response-type-widened" [Source Package Json] "":
        "a value in answers may be of a type that it was not",
        "callers read it as the old type and fail",
        "add a new property with the new type";
    RESPONSE_VALUE_ADDED "response-value-added" [Source Package Json] "":
        "a value in answers may be one that was not declared",
        "callers that decide by it meet a value that they do not know",
        "declare an open set from the beginning, or add a new property";
    RESPONSE_LIMIT_WIDENED "response-limit-widened" [Source Package Json] "":
        "a limit, format or condition of a value in answers is looser",
        "callers meet values that their checks and types do not take",
        "keep the limit, or add a new property";
    RESPONSE_PROPERTY_REMOVED "response-property-removed" [Source Package Json] "":
        "a property of answers is gone",
        "callers that read it find nothing",
        "keep it and mark it `deprecated`";
    RESPONSE_PROPERTY_OPTIONAL "response-property-optional" [Source Package Json] "":
        "a property of answers may be missing, and was always there",
        "callers that rely on it fail without it",
        "keep it `required`";
    RESPONSE_PROPERTY_ADDED "response-property-added" [Source Package Json] "":
        "an object in answers has a property that it said it would not have",
        "whoever holds answers to `additionalProperties: false`, as strict clients do, refuses it",
        "leave objects in answers open from the beginning; a closed one promises never to grow";
    RESPONSE_OBJECT_OPENED "response-object-opened" [Source Package Json] "":
        "an object in answers may have properties that it does not name, and said it would not",
        "whoever holds answers to `additionalProperties: false`, as strict clients do, refuses them",
        "keep `additionalProperties: false`";
    RESPONSE_VARIANT_ADDED "response-variant-added" [Source Package Json] "":
        "a value in answers may have a form that was not declared",
        "callers that decide by its form meet one that they do not know",
        "add a new property, or a new operation";
    // what the service sends to others
    WEBHOOK_DELETED "webhook-deleted" [Source Package Json] "":
        "a webhook or callback is gone",
        "whoever waits to be told is never told",
        "keep sending it, and mark it `deprecated`";
}
