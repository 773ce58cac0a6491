// SPDX-License-Identifier: Apache-2.0

import MailFormat
import OutgoingQueue

/// The message to a sender about what failed or is late (RFC 3464): a text, the machine-readable part, and the header
/// of the original. It has the null reverse-path, so that nobody ever answers it, and none is written about a message
/// that has it.
package struct DeliveryNotice: Sendable {
    let hostname: String
    let sender: MailAddress
    /// Whether the sender is one of ours.
    let isLocal: Bool
    let original: [UInt8]
    /// Seconds since 1970.
    let arrived: Int64
    let now: Int64

    package init(
        hostname: String, sender: MailAddress, isLocal: Bool, original: [UInt8], arrived: Int64, now: Int64
    ) {
        self.hostname = hostname
        self.sender = sender
        self.isLocal = isLocal
        self.original = original
        self.arrived = arrived
        self.now = now
    }

    /// Nil when there is nothing to tell.
    package func message(about settled: [Settled]) -> NewMessage? {
        let failed = settled.filter { if case .failed = $0.fate { true } else { false } }
        let delayed = settled.filter { if case .delayed = $0.fate { true } else { false } }
        guard !failed.isEmpty || !delayed.isEmpty else { return nil }
        let name = Self.name()
        let boundary = "=_\(name)"
        let header = quotedHeader()
        let isPlain = (sender.description + settled.map(\.recipient).joined()).utf8.allSatisfy { $0 < 0x80 }
        var lines = [
            "Date: \(DateTime(seconds: now).description)",
            "From: Mail Delivery System <postmaster@\(hostname)>",
            "To: <\(sender.description)>",
            "Subject: \(failed.isEmpty ? "Your message is delayed" : "Your message could not be delivered")",
            "Message-ID: <\(name)@\(hostname)>",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=\"\(boundary)\"",
            "",
            "--\(boundary)",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
            "",
        ]
        lines += text("Your message could not be delivered to:", failed)
        lines += text("Your message could not be delivered yet, and is tried again, to:", delayed)
        lines += [
            "--\(boundary)",
            isPlain ? "Content-Type: message/delivery-status" : "Content-Type: message/global-delivery-status",
            "", "Reporting-MTA: dns; \(hostname)", "Arrival-Date: \(DateTime(seconds: arrived).description)", "",
        ]
        for entry in failed + delayed { lines += fields(entry) }
        lines += ["--\(boundary)", "Content-Type: text/rfc822-headers", ""]
        let isEightBitHeader = header.contains { $0 >= 0x80 }
        if isEightBitHeader { lines.insert("Content-Transfer-Encoding: 8bit", at: lines.count - 1) }
        var content = Array(lines.joined(separator: "\r\n").utf8)
        content += [0x0D, 0x0A] + header + Array("\r\n--\(boundary)--\r\n".utf8)
        let route: NewDelivery.Route = isLocal ? .local(account: nil) : .remote(domain: sender.domain)
        return NewMessage(
            reversePath: "", recipients: [NewDelivery(recipient: sender.description, route: route)], content: content,
            needsSMTPUTF8: !isPlain)
    }

    private func text(_ title: String, _ entries: [Settled]) -> [String] {
        guard !entries.isEmpty else { return [] }
        return [title, ""]
            + entries.flatMap { ["  <\($0.recipient)>", "    \(Self.line($0.result.reply))"] } + [""]
    }

    /// RFC 3464 section 2.3.
    private func fields(_ entry: Settled) -> [String] {
        let type = entry.recipient.utf8.allSatisfy { $0 < 0x80 } ? "rfc822" : "utf-8"
        var lines = ["Final-Recipient: \(type); \(Self.line(entry.recipient))"]
        if case .delayed(let until) = entry.fate {
            lines += ["Action: delayed", "Status: \(entry.result.status)"]
            lines.append("Will-Retry-Until: \(DateTime(seconds: until).description)")
        } else {
            // A delivery that was given up has the status of its last attempt, which was temporary.
            let status = entry.result.status.hasPrefix("5") ? entry.result.status : "5.4.7"
            lines += ["Action: failed", "Status: \(status)"]
        }
        if !entry.result.host.isEmpty {
            lines.append("Remote-MTA: dns; \(Self.line(entry.result.host))")
            lines.append("Diagnostic-Code: smtp; \(Self.line(entry.result.reply))")
        }
        return lines + ["Last-Attempt-Date: \(DateTime(seconds: now).description)", ""]
    }

    /// Another server's words as one line that adds no field.
    private static func line(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) }).prefix(600)
            .description
    }

    private func quotedHeader() -> ArraySlice<UInt8> {
        var end = 0
        for field in MessageHeader(original).fields where field.raw.upperBound <= ClientLimits.quotedHeader {
            end = field.raw.upperBound
        }
        return original[..<end]
    }

    /// 128 random bits as hex digits.
    private static func name() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let text = String(generator.next(), radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
    }
}
