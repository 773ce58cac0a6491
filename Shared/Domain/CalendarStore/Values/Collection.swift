// SPDX-License-Identifier: Apache-2.0

/// A calendar or an address book as it is now.
package struct Collection: Sendable, Equatable {
    package let id: Int64
    package let kind: CollectionKind
    /// The last part of its address; never changes.
    package let name: String
    package let properties: CollectionProperties
    /// Of the latest change inside or to the collection itself.
    package let modseq: UInt64

    package var syncToken: SyncToken { SyncToken(collection: id, modseq: modseq) }
}

/// What people set. Of an address book, only the names, the description and `others` are kept.
package struct CollectionProperties: Sendable, Equatable {
    package var displayName: String
    package var description: String?
    /// As the client wrote it, such as `#FF2968FF`.
    package var color: String?
    package var position = 0
    /// Kinds of objects that it takes, such as `VEVENT`; never empty for a calendar.
    package var components: [String]
    /// A VTIMEZONE object, as the client wrote it.
    package var timeZone: String?
    /// Does not make its owner busy.
    package var isTransparent = false
    package var others: [OtherProperty] = []

    package init(displayName: String, components: [String] = ["VEVENT", "VTODO", "VJOURNAL"]) {
        self.displayName = displayName
        self.components = components
    }
}

/// A property that has no meaning for us: kept and given back as it came ("dead" in WebDAV).
package struct OtherProperty: Sendable, Equatable, Codable {
    package let namespace: String
    package let name: String
    /// The whole element, as XML.
    package let xml: String

    package init(namespace: String, name: String, xml: String) {
        self.namespace = namespace
        self.name = name
        self.xml = xml
    }
}
