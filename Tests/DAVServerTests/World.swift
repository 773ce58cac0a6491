// SPDX-License-Identifier: Apache-2.0
import Accounts
import CalendarStore
import DAVGrammar
import Logging
import MailStore
import SealedSQLite
import Synchronization
import TestSupport
import Testing

@testable import DAVServer

/// anna@example.org and her store, asked without a socket.
final class World: Sendable {
    private let folder: TemporaryFolder
    private let session: DAVSession
    private let counted: Counted

    private final class Counted: Sendable { let number = Mutex(0) }

    /// How often a change was told.
    var announcements: Int { counted.number.withLock { $0 } }

    init(limits: CollectionLimits = CollectionLimits(), quota: Int? = nil) async throws {
        folder = try TemporaryFolder()
        let key = SealedKey.random()
        let account = try await AccountDirectory(
            root: folder.path, quota: { _ in quota }, keys: { AccountFileKey($0, key) }
        )
        .create(AccountID.random())
        let counted = Counted()
        session = DAVSession(
            user: "anna@example.org", store: CalendarStore(account, limits: limits), limits: limits,
            announce: { counted.number.withLock { $0 += 1 } },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        self.counted = counted
        _ = try await propfind("/dav/calendars/anna@example.org/", depth: "1", "<d:allprop/>")
        _ = try await propfind("/dav/contacts/anna@example.org/", depth: "1", "<d:allprop/>")
    }

    static let calendar = "/dav/calendars/anna@example.org/calendar/"
    static let contacts = "/dav/contacts/anna@example.org/contacts/"
    private static let namespaces =
        "xmlns:d='DAV:' xmlns:c='urn:ietf:params:xml:ns:caldav' xmlns:r='urn:ietf:params:xml:ns:carddav' "
        + "xmlns:a='http://apple.com/ns/ical/' xmlns:x='urn:own'"

    func ask(_ method: String, _ path: String, _ fields: [String: String] = [:], _ body: String = "") async throws
        -> DAVAnswer
    {
        let path = try #require(DAVPath(parsing: path))
        return await session.answer(DAVRequest(method, path, fields: fields, body: Array(body.utf8)))
    }

    /// With a body whose root is `root`, in which the prefixes d, c, r, a and x are known.
    func xml(_ method: String, _ path: String, _ fields: [String: String] = [:], root: String, _ inside: String)
        async throws -> DAVAnswer
    {
        try await ask(method, path, fields, "<\(root) \(Self.namespaces)>\(inside)</\(root)>")
    }

    func propfind(_ path: String, depth: String, _ inside: String) async throws -> Found {
        try Found(try await xml("PROPFIND", path, ["depth": depth], root: "d:propfind", inside))
    }

    func report(_ path: String, _ root: String, _ inside: String) async throws -> Found {
        try Found(try await xml("REPORT", path, root: root, inside))
    }
}

/// A multistatus, taken apart.
struct Found {
    let root: XMLElement

    init(_ answer: DAVAnswer) throws {
        try #require(answer.status == 207, "\(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        root = try XMLElement(parsing: answer.body)
    }

    var responses: [XMLElement] { root.elements.filter { $0.name == .dav("response") } }
    var addresses: [String] { responses.compactMap { $0[.dav("href")]?.text } }
    var token: String? { root[.dav("sync-token")]?.text }

    func response(_ address: String) throws -> XMLElement {
        try #require(responses.first { $0[.dav("href")]?.text == address }, "\(addresses)")
    }

    /// The value of a property that was found.
    func value(_ address: String, _ name: XMLName) throws -> XMLElement? {
        try response(address).elements.first {
            $0.name == .dav("propstat") && $0[.dav("status")]?.text.contains(" 200 ") == true
        }?[.dav("prop")]?[name]
    }

    /// Of the resource as a whole, or of its only group of properties.
    func status(_ address: String) throws -> String? {
        let response = try response(address)
        return response[.dav("status")]?.text ?? response[.dav("propstat")]?[.dav("status")]?.text
    }
}

func event(_ uid: String, _ lines: String = "DTSTART:20260104T100000Z\r\nDTEND:20260104T110000Z") -> String {
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:\(uid)\r\n\(lines)\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

extension DAVAnswer {
    subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    var text: String { String(decoding: body, as: UTF8.self) }
    /// What did not hold.
    var condition: XMLName? { (try? XMLElement(parsing: body))?.elements.first?.name }
}
