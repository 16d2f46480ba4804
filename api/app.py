"""The HTTP application over one opened instance.

Order of a request: it is named, then authenticated, then parsed, then handled; whatever refuses it on
the way is one problem document. The application opens nothing and closes only what it started.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider
from flask_smorest import Api
from marshmallow import ValidationError

from api import manners, problems, verification
from api.auth import origin_of, require_session
from api.decoy import Decoy
from api.feed.feed import Feed
from api.reading import ReadSide
from api.routes.access import ACCESS
from api.routes.alerts import ALERTS
from api.routes.changes import CHANGES
from api.routes.commands import command_blueprints
from api.routes.credentials import CREDENTIALS
from api.routes.events import EVENTS
from api.routes.explanations import EXPLANATIONS
from api.routes.log import LOG
from api.routes.meta import META
from api.routes.oidc import OIDC
from api.routes.series import SERIES
from api.routes.sessions import SESSIONS
from api.routes.views import VIEWS
from api.schemas.answers import ProblemResponse
from api.schemas.strict import refusal_of
from api.service import EXTENSION, Service
from api.settings import Settings
from api.throttling import add_throttling
from core.kernel.errors import TrialError
from core.kernel.quantities import write_decimal
from core.kernel.time import write_instant
from core.keys.sign_in import DEVICE, Challenges

if TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException

    from api.instance import Instance
    from api.oidc.login import Login
    from api.reading import VerifyPositions


def create_app(
    instance: Instance,
    settings: Settings | None = None,
    verify_positions: VerifyPositions | None = None,
    login: Login | None = None,
) -> Flask:
    """Return the application; call it in the process that will serve, after any fork."""
    instance.strangers.state_sums()  # counted before a crash, not stated yet
    service = make_service(
        instance, settings or Settings(), verify_positions or verification.verify_positions, login
    )
    app = Flask("api", static_folder=None)
    app.json = _Json(app)
    app.config.update(_openapi(), MAX_CONTENT_LENGTH=service.settings.body_limit)
    app.extensions[EXTENSION] = service
    _add_manners(app)
    api = _Api(app)
    for blueprint in (
        META,
        SESSIONS,
        OIDC,
        CREDENTIALS,
        ACCESS,
        ALERTS,
        *command_blueprints(),
        SERIES,
        VIEWS,
        CHANGES,
        EXPLANATIONS,
        EVENTS,
        LOG,
    ):
        api.register_blueprint(blueprint)
    return app


def make_service(
    instance: Instance, settings: Settings, verify_positions: VerifyPositions, login: Login | None = None
) -> Service:
    """Return what the requests of one process work with."""
    challenging = instance.custody_file, instance.secrets.pepper, origin_of(instance)
    return Service(
        instance=instance,
        settings=settings,
        reading=ReadSide(instance, settings.reading_wait_seconds),
        feed=Feed(instance, settings.stream_slots),
        decoy=Decoy.made_for(instance),
        challenges=Challenges(*challenging),
        device_challenges=Challenges(*challenging, DEVICE),
        verify_positions=verify_positions,
        login=login,
    )


def _add_manners(app: Flask) -> None:
    app.before_request(manners.begin_request)
    add_throttling(app)
    app.before_request(require_session)
    app.after_request(manners.write_line)
    app.after_request(manners.finish_response)
    app.register_error_handler(TrialError, problems.of_trial_error)
    app.register_error_handler(ValidationError, lambda error: problems.of_trial_error(refusal_of(error)))
    app.register_error_handler(Exception, _fault)


def _fault(error: Exception) -> Response:
    manners.write_fault(error)
    return problems.problem(500, "INTERNAL", "the server made a mistake; the request id names it")


def _openapi() -> dict[str, Any]:
    bearer = {"type": "http", "scheme": "bearer", "description": "The token that POST /v1/sessions tells."}
    return {
        "API_TITLE": "dosetrail",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/",
        "OPENAPI_JSON_PATH": "openapi.json",
        "API_SPEC_OPTIONS": {
            "security": [{"bearer": []}],
            "components": {"securitySchemes": {"bearer": bearer}},
        },
    }


class _Api(Api):  # type: ignore[misc]  # flask-smorest is untyped
    """flask-smorest with our problems in place of its own error documents."""

    ERROR_SCHEMA = ProblemResponse

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Render what Flask refuses."""
        return problems.of_http_error(error)

    def _register_responses(self) -> None:
        for name, phrase in [(s.name, s.phrase) for s in HTTPStatus] + [("DEFAULT_ERROR", "A problem")]:
            content = {problems.PROBLEM_TYPE: {"schema": ProblemResponse}}
            self.spec.components.response(name, {"description": phrase, "content": content}, lazy=True)


class _Json(DefaultJSONProvider):
    """JSON as the record writes it: instants, days and decimals in their one form."""

    sort_keys = False

    @staticmethod
    def default(value: Any) -> Any:  # noqa: ANN401 - Flask's signature
        """Return the written form of what JSON has no word for."""
        if isinstance(value, datetime):
            return write_instant(value)
        if isinstance(value, date):
            return value.isoformat()
        return write_decimal(value) if isinstance(value, Decimal) else DefaultJSONProvider.default(value)
