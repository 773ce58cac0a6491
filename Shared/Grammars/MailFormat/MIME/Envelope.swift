// SPDX-License-Identifier: Apache-2.0

/// What IMAP's ENVELOPE tells of a message (RFC 9051 section 7.5.2). Texts are unfolded, encoded words as they are.
package struct Envelope: Sendable, Equatable, Codable {
    package var date: String?
    package var subject: String?
    package var from: [AddressItem]
    /// From's when there is no Sender.
    package var sender: [AddressItem]
    /// From's when there is no Reply-To.
    package var replyTo: [AddressItem]
    package var to: [AddressItem]
    package var cc: [AddressItem]
    package var bcc: [AddressItem]
    package var inReplyTo: String?
    package var messageID: String?
}

extension Envelope {
    package init(_ header: MessageHeader, of message: [UInt8]) {
        func text(_ name: String) -> String? { header.text(name, in: message) }
        func addresses(_ name: String) -> [AddressItem] {
            header.all(name).flatMap { AddressList.parse(header.text($0, in: message)) }
        }
        let (from, sender, replyTo) = (addresses("From"), addresses("Sender"), addresses("Reply-To"))
        self.init(
            date: text("Date"), subject: text("Subject"), from: from, sender: sender.isEmpty ? from : sender,
            replyTo: replyTo.isEmpty ? from : replyTo, to: addresses("To"), cc: addresses("Cc"),
            bcc: addresses("Bcc"), inReplyTo: text("In-Reply-To"), messageID: text("Message-ID"))
    }
}
