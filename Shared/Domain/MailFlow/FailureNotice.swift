// SPDX-License-Identifier: Apache-2.0

import MailFormat
import OutgoingQueue

/// The report to a sender whose message could not be put into one of our accounts after it had been accepted (RFC
/// 3464): short text, the machine-readable part, and the original's header. Never written to the null sender.
struct FailureNotice: Sendable {
    let hostname: String
    let date: String
    let name: String
    let original: [UInt8]

    /// Octets of the original's header that the report quotes.
    private static let quoted = 32_768

    /// Nil when nothing failed: a delay within our own house is not told.
    func message(to sender: MailAddress, isLocal: Bool, settled: [Settled]) -> NewMessage? {
        let failed = settled.filter { if case .failed = $0.fate { true } else { false } }
        guard !failed.isEmpty else { return nil }
        let boundary = "=_\(name)"
        var text = """
            Date: \(date)
            From: Mail Delivery System <postmaster@\(hostname)>
            To: <\(sender.description)>
            Subject: Your message could not be delivered
            Message-ID: <\(name)@\(hostname)>
            Auto-Submitted: auto-replied
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=delivery-status; boundary="\(boundary)"

            --\(boundary)
            Content-Type: text/plain; charset=utf-8

            Your message could not be delivered to:

            """
        for entry in failed { text += "\n  \(entry.recipient): \(entry.result.reply)" }
        text += "\n\n--\(boundary)\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; \(hostname)\n"
        for entry in failed {
            // Given up after days of temporary failures, it is a permanent one.
            let status = "5" + entry.result.status.dropFirst()
            text += "\nFinal-Recipient: rfc822; \(entry.recipient)\nAction: failed\nStatus: \(status)\n"
        }
        text += "\n--\(boundary)\nContent-Type: text/rfc822-headers\n\n"
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        let content = Array(lines.utf8) + header() + Array("\r\n--\(boundary)--\r\n".utf8)
        let route: NewDelivery.Route = isLocal ? .local(account: nil) : .remote(domain: sender.domain)
        return NewMessage(
            reversePath: "", recipients: [NewDelivery(recipient: sender.description, route: route)], content: content)
    }

    private func header() -> ArraySlice<UInt8> {
        var end = 0
        for field in HeaderScan(original) {
            guard field.range.upperBound <= Self.quoted else { break }
            end = field.range.upperBound
        }
        return original[..<end]
    }
}
