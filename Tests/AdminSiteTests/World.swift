// SPDX-License-Identifier: Apache-2.0
import Accounts
import BackupJobs
import DNSClient
import DomainRecords
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Logins
import MailStore
import OutgoingQueue
import RedisStreams
import SealedSQLite
import ServiceKit
import TestSupport
import Testing
import WebServer

@testable import AdminSite

/// A real store with example.org, its administrator and anna, behind the site.
final class World: Sendable {
    static let host = "admin.example.org"
    static let password = "correct horse battery"
    static let administrator = "admin@example.org"
    static let user = "anna@example.org"

    let folder: TemporaryFolder
    let directory: Directory
    let accounts: AccountDirectory
    let queue: OutgoingQueue
    let resolver = TableResolver()
    let site: AdminSite
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(services: [String] = [], backups: BackupJobs? = nil) async throws {
        folder = try TemporaryFolder()
        let keys = PurposeKeys(master: .random())
        let directory = try Directory.create(dataFolder: folder.path, keys: keys)
        self.directory = directory
        accounts = AccountDirectory(
            root: folder.file("accounts"), limit: 2, quota: { try await directory.quota(of: $0) },
            keys: { try directory.fileKey(of: $0) })
        try StoreFile.spool.create(in: folder.path, keys: keys, migrations: OutgoingQueue.migrations)
        queue = OutgoingQueue(
            database: try StoreFile.spool.open(in: folder.path, keys: keys, migrations: OutgoingQueue.migrations))
        let redis = RedisClient(host: nil, port: 0, password: nil, logger: logger)
        let logins = Logins(
            directory: directory, counters: Counters(client: redis, hash: KeyedHash(secret: nil)))
        var settings = AdminSettings(hostname: "mail.example.org")
        settings.addresses = [DNSClient.IPAddress(parsing: "198.18.0.1")!]
        settings.services = services.compactMap(WatchedService.init(parsing:))
        site = try AdminSite(
            backend: AdminBackend(
                directory: directory, accounts: accounts, queue: queue, resolver: resolver, backups: backups,
                login: { await logins.check($0, from: $1.ip.description, appPasswords: false, logger: $2) },
                certificateKey: { nil }),
            settings: settings)
        try await directory.addDomain("example.org", by: "test")
        try await add(Self.administrator, isAdministrator: true)
        try await add(Self.user)
    }

    deinit { try? directory.close() }

    @discardableResult
    func add(_ address: String, isAdministrator: Bool = false, name: String = "") async throws -> AccountRecord {
        try await directory.addAccount(
            address, displayName: name, isAdministrator: isAdministrator, password: SecretBytes(Self.password.utf8),
            filesIn: folder.file("accounts"), by: "test")
    }

    func account(_ address: String) async throws -> AccountRecord { try await directory.account(address) }

    func browser() -> Browser { Browser(self) }

    /// A browser in which somebody is logged in.
    func browser(of address: String) async throws -> Browser {
        let browser = browser()
        let page = try await browser.login(address, Self.password)
        try #require(page.status == .seeOther, "\(page.text)")
        return browser
    }
}

/// What came back.
struct Page {
    let status: HTTPResponse.Status
    let headers: HTTPFields
    let text: String

    var location: String? { headers[.location] }
    /// The form token that its forms carry.
    var token: String? {
        text.firstMatch(of: /name="token" value="([0-9a-f]+)"/).map { String($0.1) }
    }
}

/// Keeps cookies, says where its forms stand, and sends the token of the last page: as browsers do.
final class Browser: @unchecked Sendable {
    // One test uses it, one request after the other.
    private let world: World
    var cookies: [String: String] = [:]
    private(set) var token = ""

    init(_ world: World) { self.world = world }

    func login(_ address: String, _ password: String, next: String = "") async throws -> Page {
        try await get("/login")
        return try await post("/login", ["address": address, "password": password, "next": next])
    }

    @discardableResult
    func get(_ path: String, host: String = World.host, _ fields: HTTPFields = [:]) async throws -> Page {
        try await ask(.get, path, host: host, fields, nil)
    }

    func post(_ path: String, _ form: [String: String] = [:], _ fields: HTTPFields? = nil) async throws -> Page {
        let all = form.merging(["token": token]) { old, _ in old }
        let body = all.map { "\(FormFields.encode($0))=\(FormFields.encode($1))" }.joined(separator: "&")
        var headers: HTTPFields =
            fields ?? [.origin: "https://\(World.host)", .secFetchSite: "same-origin"]
        if headers[.contentType] == nil { headers[.contentType] = "application/x-www-form-urlencoded" }
        return try await ask(.post, path, host: World.host, headers, body)
    }

    func ask(
        _ method: HTTPRequest.Method, _ path: String, host: String, _ fields: HTTPFields, _ body: String?,
        isTLS: Bool = true
    ) async throws -> Page {
        var head = HTTPRequest(method: method, scheme: "https", authority: host, path: path, headerFields: fields)
        if !cookies.isEmpty {
            head.headerFields[.cookie] = cookies.map { "\($0)=\($1)" }.joined(separator: "; ")
        }
        let context = WebContext(
            source: WebContext.Source(
                logger: world.logger, peer: PeerAddress(ip: ServiceKit.IPAddress("192.0.2.7")!, port: 4000),
                isTLS: isTLS))
        let response = try await world.site.respond(
            to: Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body ?? ""))), context: context)
        let collected = Collected()
        try await response.body.write(Collector(into: collected))
        for field in response.headers[values: .setCookie] {
            let pair = field.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1).map(String.init)
            if field.contains("Max-Age=0;") { cookies[pair[0]] = nil } else { cookies[pair[0]] = pair[1] }
        }
        let page = Page(
            status: response.status, headers: response.headers, text: String(buffer: collected.buffer))
        if let found = page.token { token = found }
        return page
    }

    private final class Collected: @unchecked Sendable { var buffer = ByteBuffer() }

    private struct Collector: ResponseBodyWriter {
        let collected: Collected

        init(into collected: Collected) { self.collected = collected }

        mutating func write(_ buffer: ByteBuffer) async throws { collected.buffer.writeImmutableBuffer(buffer) }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
