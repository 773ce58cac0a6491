// SPDX-License-Identifier: Apache-2.0
import Accounts
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import WebServer

/// The site of WebAdmin: the routes, and what holds for every answer.
package struct AdminSite: HTTPResponder {
    package typealias Context = WebContext

    private let router: RouterResponder<WebContext>
    private let open: OpenFiles

    /// Throws when a template or a catalogue is malformed, which no release has.
    package init(backend: AdminBackend, settings: AdminSettings) throws {
        let templates = try Templates()
        open = OpenFiles(directory: backend.directory, settings: settings, templates: templates)
        let door = Door(
            directory: backend.directory, templates: templates,
            texts: try Language.allCases.reduce(into: [:]) { $0[$1] = try Texts($1) })
        router = Self.routes(AdminPages(backend: backend, settings: settings), open, door)
    }

    package func respond(to request: Request, context: WebContext) async throws -> Response {
        guard context.isTLS else { return Response(status: .forbidden) }
        guard request.uri.string.utf8.count <= AdminLimits.target else { return Response(status: .uriTooLong) }
        var response: Response
        if let host = request.head.authority, host.lowercased().hasPrefix("mta-sts.") {
            // RFC 8461 section 3.3: a name of its own, on which nothing else is.
            response = try await open.policy(request)
        } else {
            response = try await router.respond(to: request, context: context)
        }
        Self.protect(&response)
        return response
    }

    private static func routes(_ pages: AdminPages, _ open: OpenFiles, _ door: Door) -> RouterResponder<WebContext> {
        let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: FailurePages(door: door))
        router.get("style.css") { _, _ in open.style }
        router.get("icon.svg") { _, _ in open.icon }
        router.get("robots.txt") { _, _ in open.robots }
        for path in ["mail/config-v1.1.xml", ".well-known/autoconfig/mail/config-v1.1.xml"] as [RouterPath] {
            router.get(path) { request, _ in try await open.autoconfig(request) }
        }

        typealias Page = @Sendable (Visit) async throws -> Response
        func get(_ path: RouterPath, _ right: Door.Right, _ page: @escaping Page) {
            router.get(path) { try await door.enter($0, $1, right, page) }
        }
        func post(_ path: RouterPath, _ right: Door.Right, _ page: @escaping Page) {
            router.post(path) { try await door.enter($0, $1, right, page) }
        }
        get("", .anyone, pages.start)
        get("login", .anyone, pages.loginForm)
        post("login", .anyone, pages.login)
        post("logout", .user, pages.logout)
        post("language", .anyone, pages.language)
        get("account", .user, pages.account)
        get("account/password", .user, pages.passwordForm)
        post("account/password", .user, pages.changePassword)
        get("account/app-passwords", .user, pages.appPasswords)
        post("account/app-passwords", .user, pages.addAppPassword)
        post("account/app-passwords/remove", .user, pages.removeAppPassword)
        get("account/zero-access", .user, pages.zeroAccess)
        post("account/zero-access", .user, pages.switchOnZeroAccess)
        post("account/recovery-key", .user, pages.renewRecoveryKey)
        get("account/mailkeep.mobileconfig", .user, pages.appleProfile)

        get("admin", .administrator, pages.overview)
        get("admin/domains", .administrator, pages.domains)
        post("admin/domains", .administrator, pages.addDomain)
        get("admin/domains/:domain", .administrator, pages.domain)
        post("admin/domains/:domain/quota", .administrator, pages.setDomainQuota)
        get("admin/domains/:domain/remove", .administrator, pages.removeDomainForm)
        post("admin/domains/:domain/remove", .administrator, pages.removeDomain)
        get("admin/accounts", .administrator, pages.accounts)
        get("admin/accounts/add", .administrator, pages.addAccountForm)
        post("admin/accounts/add", .administrator, pages.addAccount)
        get("admin/accounts/:account", .administrator, pages.accountDetail)
        post("admin/accounts/:account/quota", .administrator, pages.setQuota)
        post("admin/accounts/:account/password", .administrator, pages.setPassword)
        get("admin/accounts/:account/reset", .administrator, pages.resetForm)
        post("admin/accounts/:account/reset", .administrator, pages.reset)
        post("admin/accounts/:account/disabled", .administrator, pages.setDisabled)
        post("admin/accounts/:account/administrator", .administrator, pages.setAdministrator)
        get("admin/accounts/:account/remove", .administrator, pages.removeAccountForm)
        post("admin/accounts/:account/remove", .administrator, pages.removeAccount)
        get("admin/aliases", .administrator, pages.aliases)
        post("admin/aliases", .administrator, pages.addAlias)
        get("admin/aliases/remove", .administrator, pages.removeAliasForm)
        post("admin/aliases/remove", .administrator, pages.removeAlias)
        get("admin/queue", .administrator, pages.queue)
        post("admin/queue/retry", .administrator, pages.retryAll)
        get("admin/queue/:delivery", .administrator, pages.delivery)
        post("admin/queue/:delivery/retry", .administrator, pages.retry)
        post("admin/queue/:delivery/hold", .administrator, pages.hold)
        get("admin/queue/:delivery/remove", .administrator, pages.removeDeliveryForm)
        post("admin/queue/:delivery/remove", .administrator, pages.removeDelivery)
        get("admin/backups", .administrator, pages.backups)
        post("admin/backups/run", .administrator, pages.runBackup)
        post("admin/backups/verify", .administrator, pages.verifyBackup)
        get("admin/services", .administrator, pages.services)
        get("admin/audit", .administrator, pages.audit)
        return router.buildResponder()
    }

    /// Nothing runs, nothing is framed, nothing is kept, nothing leads out.
    private static func protect(_ response: inout Response) {
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        response.headers[.strictTransportSecurity] = "max-age=31536000"
        response.headers[.xContentTypeOptions] = "nosniff"
        // With `no-referrer` browsers say "Origin: null", and no form could be told from another site's.
        response.headers[.referrerPolicy] = "same-origin"
        response.headers[.crossOriginOpenerPolicy] = "same-origin"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    }
}

extension HTTPField.Name {
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    static let crossOriginOpenerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
}
