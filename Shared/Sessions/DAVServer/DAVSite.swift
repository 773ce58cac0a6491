// SPDX-License-Identifier: Apache-2.0
import Accounts
import CalendarStore
import DAVGrammar
import HTTPTypes
import Hummingbird
import Logging
import MailStore
import NIOCore
import SASLMechanisms
import WebServer

/// The site of DAVAccess: who it is, then `DAVSession`.
package struct DAVSite: HTTPResponder {
    package typealias Context = WebContext

    private let accounts: AccountDirectory
    private let login: @Sendable (SASLCredentials, WebContext) async -> LoginOutcome
    private let announce: @Sendable (AccountID) -> Void

    /// - Parameters:
    ///   - login: waits as long as the client's address must, checks, remembers a failure.
    ///   - announce: tells others of a change; must not wait.
    package init(
        accounts: AccountDirectory, login: @escaping @Sendable (SASLCredentials, WebContext) async -> LoginOutcome,
        announce: @escaping @Sendable (AccountID) -> Void
    ) {
        self.accounts = accounts
        self.login = login
        self.announce = announce
    }

    package func respond(to request: Request, context: WebContext) async throws -> Response {
        guard let path = DAVPath(parsing: request.uri.string) else { return Self.response(DAVAnswer(400)) }
        // RFC 6764 section 5: before any login, so that clients find their way.
        if path.segments == [".well-known", "caldav"] || path.segments == [".well-known", "carddav"] {
            return Self.response(DAVAnswer(301, [("location", "/dav/")]))
        }
        if request.method == .options { return Self.response(DAVAnswer(200, DAVSession.optionFields)) }
        guard context.isTLS else { return Self.response(DAVAnswer(403)) }
        guard let credentials = BasicCredentials.read(request.headers[.authorization]) else { return Self.challenge }
        switch await login(credentials, context) {
        case .wrong: return Self.challenge
        case .tryLater: return Self.response(DAVAnswer(503, [("retry-after", "30")]))
        case .account(let account, let hold):
            // A zero-access account is open while its request is answered.
            defer { hold?.release() }
            let response = Self.response(try await answer(request, path, account, credentials.login, context))
            return request.method == .head ? response.createHeadResponse() : response
        }
    }

    private func answer(
        _ request: Request, _ path: DAVPath, _ account: AccountID, _ login: String, _ context: WebContext
    ) async throws -> DAVAnswer {
        let store: AccountStore
        do { store = try await accounts.store(for: account) } catch {
            context.logger.error("the account cannot be opened", metadata: ["error": "\(error)"])
            return DAVAnswer(503, [("retry-after", "60")])
        }
        let session = DAVSession(
            user: login.lowercased(), store: CalendarStore(store), announce: { announce(account) },
            logger: context.logger)
        let limit = session.bodyLimit(request.method.rawValue)
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit { return DAVAnswer(413) }
        let body: ByteBuffer
        do { body = try await request.body.collect(upTo: limit) } catch let error as any HTTPResponseError {
            return error.status == .contentTooLarge ? DAVAnswer(413) : DAVAnswer(error.status.code)
        } catch is NIOTooManyBytesError {
            return DAVAnswer(413)
        }
        var fields: [String: String] = [:]
        for field in request.headers { fields[field.name.canonicalName] = field.value }
        fields["host"] = request.head.authority
        return await session.answer(
            DAVRequest(request.method.rawValue, path, fields: fields, body: Array(body.readableBytesView)))
    }

    private static let challenge = response(
        DAVAnswer(401, [("www-authenticate", "Basic realm=\"Mailkeep\", charset=\"UTF-8\"")]))

    private static func response(_ answer: DAVAnswer) -> Response {
        var headers = HTTPFields()
        for (name, value) in answer.fields { if let name = HTTPField.Name(name) { headers[name] = value } }
        headers[.cacheControl] = "no-store"
        return Response(
            status: HTTPResponse.Status(code: answer.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}

/// The Authorization field of Basic (RFC 7617), in UTF-8.
enum BasicCredentials {
    /// `nil`: none, or malformed.
    static func read(_ field: String?) -> SASLCredentials? {
        guard let field, field.utf8.count <= SASLLimits.response + 10 else { return nil }
        let words = field.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == "basic", var bytes = Base64.decode(words[1].utf8)
        else { return nil }
        defer { wipe(&bytes) }
        guard
            let colon = bytes.firstIndex(of: 0x3A), colon > 0, colon <= SASLLimits.login,
            (1...SASLLimits.password).contains(bytes.count - colon - 1), !bytes.contains(0),
            let login = String(validating: bytes[..<colon], as: UTF8.self),
            isText(bytes[(colon + 1)...])
        else { return nil }
        return SASLCredentials(login: login, password: Secret(bytes[(colon + 1)...]))
    }
}
