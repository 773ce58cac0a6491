// SPDX-License-Identifier: Apache-2.0
import Accounts
import HTTPTypes
import Hummingbird
import SASLMechanisms

extension AdminPages {
    struct LoginPage {
        let next: String
        let address: Field
        /// Says what was wrong of the two together: which one is not told.
        let password: Field
    }

    /// `/`: where somebody belongs.
    func start(_ visit: Visit) async throws -> Response { visit.redirect(to: home(visit.session?.account)) }

    private func home(_ account: AccountRecord?) -> String {
        account.map { $0.isAdministrator ? "/admin" : "/account" } ?? "/login"
    }

    func loginForm(_ visit: Visit) async throws -> Response {
        if let account = visit.session?.account { return visit.redirect(to: home(account)) }
        return page(visit, next: visit.query.text("next"))
    }

    /// The same answer, after the same time, for a wrong password and for nobody of that name.
    func login(_ visit: Visit) async throws -> Response {
        let (address, next) = (visit.form.text("address"), visit.form.text("next"))
        guard !address.isEmpty, let secret = visit.form.secret("password") else {
            return page(visit, next: next, address: address, status: .unprocessableContent, failure: .loginMissing)
        }
        guard address.utf8.count <= SASLLimits.login, secret.count <= SASLLimits.password else {
            return page(visit, next: next, address: "", status: .unprocessableContent, failure: .loginWrong)
        }
        let credentials = SASLCredentials(login: address, password: secret.withBytes { Secret($0) })
        switch await backend.login(credentials, visit.context.peer, visit.logger) {
        case .wrong:
            return page(visit, next: next, address: address, status: .unprocessableContent, failure: .loginWrong)
        case .tryLater:
            return page(visit, next: next, address: address, status: .serviceUnavailable, failure: .loginLater)
        case .account(let id, _):
            let token: WebSessionToken
            do { token = try await backend.directory.openWebSession(of: id) } catch DirectoryError.noSuchAccount {
                return page(visit, next: next, address: address, status: .unprocessableContent, failure: .loginWrong)
            }
            // A session that the browser had before is another one's, or is over now.
            if let old = visit.session?.token { try await backend.directory.closeWebSession(old) }
            let account = try await backend.directory.account(id)
            var response = visit.redirect(to: LocalPath(next)?.text ?? home(account))
            response.headers[values: .setCookie].append(
                Cookie.session.field(token.text, seconds: WebSessionLimits.life))
            return response
        }
    }

    func logout(_ visit: Visit) async throws -> Response {
        if let token = visit.session?.token { try await backend.directory.closeWebSession(token) }
        var response = visit.redirect(to: "/login", saying: .loggedOut)
        response.headers[values: .setCookie].append(Cookie.session.field("", seconds: 0))
        return response
    }

    /// Remembers the language that was chosen, for a year.
    func language(_ visit: Visit) async throws -> Response {
        guard let language = Language(rawValue: visit.form.text("language")) else {
            return visit.problem(.badRequest, .problemRequest)
        }
        var response = visit.redirect(to: LocalPath(visit.form.text("here"))?.text ?? "/")
        response.headers[values: .setCookie] = [Cookie.language.field(language.rawValue, seconds: 31_536_000)]
        return response
    }

    private func page(
        _ visit: Visit, next: String, address: String = "", status: HTTPResponse.Status = .ok, failure: Phrase? = nil
    ) -> Response {
        let t = visit.texts
        var address = Field(
            id: "address", label: t(.fieldAddress), type: "email", value: address, autocomplete: "username")
        address.isFocused = failure == nil
        var password = Field(
            id: "password", label: t(.fieldPassword), type: "password", autocomplete: "current-password")
        if let failure {
            password.wrong = t(failure)
            password.isFocused = true
        }
        var response = visit.page(
            .login, title: t(.loginTitle), status: status,
            LoginPage(next: next, address: address, password: password))
        if status == .serviceUnavailable { response.headers[.retryAfter] = "30" }
        return response
    }
}

/// A path on this site to go to: anything else could lead elsewhere.
struct LocalPath {
    let text: String

    init?(_ text: String) {
        guard text.hasPrefix("/"), !text.hasPrefix("//"), text.utf8.count <= AdminLimits.target,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return nil }
        self.text = text
    }
}
