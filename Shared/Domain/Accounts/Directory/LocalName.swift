// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import MailFormat

/// An address as the directory keeps it: lower-case local part in NFC without tag, lower-case A-label domain.
struct LocalName: Hashable, Sendable {
    /// Bytes of a local part (RFC 5321 section 4.5.3.1.1).
    static let nameBytes = 64

    let name: String
    let domain: String

    var address: String { name + "@" + domain }

    init(name: String, domain: String) {
        self.name = name
        self.domain = domain
    }

    /// The one that mail for the address goes to: `anna+shop@example.org` is `anna@example.org`.
    init(_ address: MailAddress) {
        let whole = Self.canonical(address.localPart)
        let name = whole.firstIndex(of: "+").map { whole[..<$0] } ?? whole[...]
        // "+x" alone has no name before its tag.
        self.init(name: name.isEmpty ? whole : String(name), domain: address.domain.lowercased())
    }

    /// For a new account or alias: plain words and dots only; no `/`, which would part the paths of DAV, and no `*`, which
    /// looks like a catch-all and is none. Throws `.malformedAddress`.
    init(new text: String) throws(DirectoryError) {
        guard let address = MailAddress(parsing: text), !address.domain.isEmpty, !address.domain.hasPrefix("[") else {
            throw .malformedAddress(text)
        }
        let name = Self.canonical(address.localPart)
        let words = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'=?^_`{|}~-".utf8)
        guard name.utf8.count <= Self.nameBytes,
            words.allSatisfy({ !$0.isEmpty && $0.allSatisfy { allowed.contains($0) || $0 >= 0x80 } })
        else { throw .malformedAddress(text) }
        self.init(name: name, domain: address.domain.lowercased())
    }

    /// For something that is there. Throws `.malformedAddress`.
    init(known text: String) throws(DirectoryError) {
        guard let address = MailAddress(parsing: text) else { throw .malformedAddress(text) }
        self.init(name: Self.canonical(address.localPart), domain: address.domain.lowercased())
    }

    private static func canonical(_ localPart: String) -> String {
        localPart.lowercased().precomposedStringWithCanonicalMapping
    }

    /// Whether an account or an alias has it.
    func isTaken(in db: Database) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (SELECT 1 FROM accounts a JOIN domains d ON d.id = a.domain WHERE d.name = ?1 AND a.name = ?2)
                    OR EXISTS (SELECT 1 FROM aliases a JOIN domains d ON d.id = a.domain WHERE d.name = ?1 AND a.name = ?2)
                """, arguments: [domain, name]) ?? false
    }

    /// Row of the domain. Throws `.noSuchDomain`.
    func domainRow(in db: Database) throws -> Int64 {
        guard let row = try Int64.fetchOne(db, sql: "SELECT id FROM domains WHERE name = ?", arguments: [domain]) else {
            throw DirectoryError.noSuchDomain(domain)
        }
        return row
    }
}
