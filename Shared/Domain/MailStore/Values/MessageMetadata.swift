// SPDX-License-Identifier: Apache-2.0
import MailFormat

/// The bytes of a message, shared by all its copies in the account. Never given to another message.
///
/// Stays readable for `StoreLimits.bodyGraceSeconds` after the last copy was expunged.
package struct BodyID: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// A moment with the offset it was told in, for INTERNALDATE.
package struct InternalDate: Sendable, Hashable {
    /// Seconds since 1970-01-01T00:00:00Z.
    package var seconds: Int64
    /// Minutes east of UTC, −1439…1439.
    package var zoneMinutes: Int

    package init(seconds: Int64, zoneMinutes: Int = 0) {
        self.seconds = seconds
        self.zoneMinutes = zoneMinutes
    }

    package static func now() -> InternalDate { InternalDate(seconds: SystemClock.seconds()) }
}

/// What `AccountStore.metadata` reads beside the columns that every row has.
package struct MetadataFields: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The header block of the message, its empty line included.
    package static let header = MetadataFields(rawValue: 1)
    /// The parsed MIME structure with its envelope, kept since delivery.
    package static let structure = MetadataFields(rawValue: 2)
}

/// One message of a mailbox, without its text.
package struct MessageMetadata: Sendable {
    package var uid: UInt32
    package var modseq: UInt64
    package var flags: MessageFlags
    package var internalDate: InternalDate
    /// RFC822.SIZE: bytes of the whole message.
    package var size: Int
    /// Bytes of the header block, its empty line included: the body (BODY[TEXT]) starts here.
    package var headerSize: Int
    /// With `AccountStore.read`: the bytes.
    package var body: BodyID
    /// Only when `.header` was asked for.
    /// Nil, too, when it is larger than `StoreLimits.readBytes`: `read` it in pieces then.
    package var header: [UInt8]?
    /// Only when `.structure` was asked for. Its ranges are offsets into the message, for `AccountStore.read`.
    package var structure: MIMEPart?
}

/// Where and how a message was stored: APPENDUID, and what the change announcement tells.
package struct Appended: Sendable, Equatable {
    package var mailbox: MailboxID
    package var uidValidity: UInt32
    package var uid: UInt32
    package var modseq: UInt64
    /// The delivery key was known: nothing was stored now, the values are those of the first delivery.
    package var isDuplicate: Bool
}

/// COPYUID (RFC 4315): `source[n]` became `destination[n]`, both ascending.
package struct Copied: Sendable, Equatable {
    package var mailbox: MailboxID
    package var uidValidity: UInt32
    package var source: [UInt32]
    package var destination: [UInt32]
}

/// The outcome of STORE.
package struct FlagsStored: Sendable {
    /// The mailbox after it.
    package var state: MailboxState
    package var keywords: KeywordTable
    /// Messages whose flags are different now, with their new flags and modseq.
    package var changed: MessageColumns
    /// Messages that have had the wanted flags already: not changed, no new modseq.
    package var unchanged: MessageColumns
    /// UNCHANGEDSINCE failed for these (RFC 7162 section 3.1.3): MODIFIED.
    package var modified: UIDSet
}

/// The outcome of EXPUNGE, and of the leaving side of MOVE.
package struct Expunged: Sendable {
    package var state: MailboxState
    package var uids: UIDSet
}

/// A message as POP3 sees it.
package struct MaildropItem: Sendable {
    package var uid: UInt32
    /// UIDL: 1–70 printable ASCII characters, never used for another message of the account.
    package var uniqueID: String
    package var size: Int
    package var headerSize: Int
    package var body: BodyID
}
