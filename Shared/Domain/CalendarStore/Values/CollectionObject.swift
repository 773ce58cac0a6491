// SPDX-License-Identifier: Apache-2.0

/// An event, task or card without its bytes.
package struct ObjectMetadata: Sendable, Equatable {
    /// The last part of its address.
    package let name: String
    package let uid: String
    /// `VEVENT` and so on; empty for a card.
    package let component: String
    /// Without quotes; of the bytes, so that equal bytes have equal tags.
    package let etag: String
    /// Bytes.
    package let size: Int
    package let modseq: UInt64
}

/// An object with its bytes, as the client wrote them.
package struct CollectionObject: Sendable, Equatable {
    package let metadata: ObjectMetadata
    package let data: [UInt8]
}

/// An object to keep. Whoever makes one has read the bytes; the store only keeps what they say.
package struct NewObject: Sendable {
    package let name: String
    /// Empty: the object has none, and none can be in conflict with it.
    package let uid: String
    package let data: [UInt8]
    package let index: Index

    /// What searches go by.
    package enum Index: Sendable {
        /// Seconds since 1970. `start` nil: no time at all; `end` nil: without end.
        case calendar(component: String, start: Int64?, end: Int64?)
        /// Folded names and addresses.
        case card(text: String)
    }

    package init(name: String, uid: String, data: [UInt8], index: Index) {
        self.name = name
        self.uid = uid
        self.data = data
        self.index = index
    }
}

/// What must hold before an object is written or removed.
package enum Precondition: Sendable, Equatable {
    case none
    /// If-None-Match: *
    case isNew
    /// If-Match: *
    case exists
    /// If-Match with strong tags, without quotes.
    case isOneOf([String])
}
