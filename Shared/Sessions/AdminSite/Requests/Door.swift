// SPDX-License-Identifier: Apache-2.0
import Accounts
import HTTPTypes
import Hummingbird
import NIOCore
import WebServer

/// Lets a request in to its page: whose session it is, whether they may, whether a form came from here.
struct Door: Sendable {
    enum Right {
        case anyone
        case user
        case administrator
    }

    let directory: Directory
    let templates: Templates
    let texts: [Language: Texts]

    func enter(
        _ request: Request, _ context: WebContext, _ right: Right, _ page: (Visit) async throws -> Response
    ) async throws -> Response {
        let visit: Visit
        do { visit = try await self.visit(request, context) } catch let refusal as Refusal {
            return try await self.visit(request, context, readsForm: false)
                .problem(refusal.status, refusal.phrase)
        }
        if right != .anyone, visit.session == nil {
            let next = request.method == .get || request.method == .head ? FormFields.encode(visit.target) : "%2F"
            return visit.redirect(to: "/login?next=\(next)")
        }
        if right == .administrator, visit.session?.account.isAdministrator != true {
            return visit.problem(.forbidden, .problemForbidden)
        }
        return try await page(visit)
    }

    /// A page for a request that no page answers.
    func failure(_ status: HTTPResponse.Status, _ request: Request, _ context: WebContext) async throws -> Response {
        let visit = try await visit(request, context, readsForm: false)
        switch status {
        case .notFound: return visit.problem(status, .problemNotFound)
        case .internalServerError: return visit.problem(status, .problemHere)
        default: return visit.problem(status, .problemRequest)
        }
    }

    private struct Refusal: Error {
        let status: HTTPResponse.Status
        let phrase: Phrase
    }

    private func visit(_ request: Request, _ context: WebContext, readsForm: Bool = true) async throws -> Visit {
        let head = request.head
        let language =
            Cookie.language.value(in: head.headerFields).flatMap(Language.init)
            ?? .preferred(head.headerFields[.acceptLanguage])
        // Every language has its catalogue (`AdminSite.init`).
        guard let texts = texts[language] ?? texts[.english] else { throw HTTPError(.internalServerError) }
        var session: Visit.Session?
        if let text = Cookie.session.value(in: head.headerFields), let token = WebSessionToken(text),
            let account = try await directory.webSession(token)
        {
            session = Visit.Session(token: token, account: account)
        }
        let isPost = head.method == .post && readsForm
        let form = isPost ? try await form(request, session?.token) : try FormFields(parsing: [])
        let query: FormFields
        do { query = try FormFields(parsing: readsForm ? Array((request.uri.query ?? "").utf8) : []) } catch {
            throw Refusal(status: .badRequest, phrase: .problemRequest)
        }
        let notice = Cookie.notice.value(in: head.headerFields).flatMap(Notice.init)
        return Visit(
            method: head.method, target: request.uri.string, context: context, texts: texts, session: session,
            query: query, form: form, notice: notice.map { texts($0.phrase, ["subject": $0.subject]) },
            templates: templates)
    }

    /// The body of a POST, when it is a form of ours.
    private func form(_ request: Request, _ token: WebSessionToken?) async throws -> FormFields {
        guard SameOrigin.holds(request.head) else { throw Refusal(status: .forbidden, phrase: .problemOrigin) }
        let type = request.headers[.contentType]?.lowercased().prefix { $0 != ";" }
        guard type == "application/x-www-form-urlencoded" else {
            throw Refusal(status: .unsupportedMediaType, phrase: .problemRequest)
        }
        var body: ByteBuffer
        do { body = try await request.body.collect(upTo: AdminLimits.form) } catch let error as any HTTPResponseError {
            throw Refusal(
                status: error.status,
                phrase: error.status == .contentTooLarge ? .problemTooLarge : .problemRequest)
        } catch is NIOTooManyBytesError {
            throw Refusal(status: .contentTooLarge, phrase: .problemTooLarge)
        }
        // Passwords may be in it.
        defer { body.withUnsafeMutableReadableBytes { _ = $0.initializeMemory(as: UInt8.self, repeating: 0) } }
        let fields: FormFields
        do { fields = try FormFields(parsing: body.readableBytesView) } catch {
            throw Refusal(status: .badRequest, phrase: .problemRequest)
        }
        if let token, !token.fits(formToken: fields.text("token")) {
            throw Refusal(status: .forbidden, phrase: .problemToken)
        }
        return fields
    }
}

/// Errors become pages too: who comes by a wrong link gets words and a way back.
struct FailurePages: RouterMiddleware {
    typealias Context = WebContext

    let door: Door

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do { return try await next(request, context) } catch let error as any HTTPResponseError {
            return try await door.failure(error.status, request, context)
        } catch {
            context.logger.error(
                "a page failed", metadata: ["error": "\(error)", "path": "\(request.uri.path)"])
            return try await door.failure(.internalServerError, request, context)
        }
    }
}
