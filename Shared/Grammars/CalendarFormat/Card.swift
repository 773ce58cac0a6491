// SPDX-License-Identifier: Apache-2.0

/// Why bytes may not be kept in an address book: `valid-address-data` (RFC 6352 section 5.3.2.1).
package struct CardError: Error, Equatable, Sendable {
    package let reason: String
}

/// A vCard of version 2.1, 3.0 or 4.0: what its bytes, which are kept as they came, say.
package struct Card: Equatable, Sendable {
    package let card: Component
    /// Version 2.1 need not have one, and programs leave it out elsewhere.
    package let uid: String?

    package init(parsing bytes: [UInt8]) throws(CardError) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw CardError(reason: "no UTF-8") }
        let roots: [Component]
        do { roots = try Component.all(in: bytes) } catch { throw CardError(reason: error.description) }
        guard let card = roots.first, card.name == "VCARD" else { throw CardError(reason: "a VCARD is missing") }
        guard roots.count == 1 else { throw CardError(reason: "more than one VCARD") }
        // Groups are written too by address books that keep them as cards: FN or N is in all of them.
        guard card["FN"] != nil || card["N"] != nil else { throw CardError(reason: "neither FN nor N") }
        self.card = card
        uid = (card["UID"]?.text).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Names, addresses and numbers, one a line: what people search for.
    package var searchableText: String {
        card.properties.filter { ["FN", "N", "NICKNAME", "ORG", "EMAIL", "TEL", "NOTE"].contains($0.name) }
            .map { $0.text.lowercased() }.joined(separator: "\n")
    }
}
