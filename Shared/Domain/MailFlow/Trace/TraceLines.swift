// SPDX-License-Identifier: Apache-2.0

import MailFormat

/// The lines that we put on top of a message (RFC 5321 section 4.4). The octets below stay as they came.
enum TraceLines {
    /// `Return-Path: <anna@example.org>`, once, at final delivery.
    static func returnPath(_ sender: String) -> String {
        "Return-Path: <\(headerText(sender))>\r\n"
    }

    ///     Received: from client.example ([192.0.2.1])
    ///      by mx.example.org with ESMTPS id 4K7QX
    ///      for <anna@example.org>; Tue, 24 Nov 2026 04:20:19 +0000
    ///
    /// "for" names the recipient only when there is no other, so that nobody learns of blind copies.
    static func received(_ message: IncomingMessage, hostname: String, date: String) -> String {
        let client = message.client
        let address = client.address.utf8.contains(0x3A) ? "[IPv6:\(client.address)]" : "[\(client.address)]"
        var text = "Received: from \(headerText(client.name)) (\(address))\r\n"
        text += "\tby \(hostname) with \(client.protocolName) id \(message.id)"
        if message.recipients.count == 1, let only = message.recipients.first {
            text += "\r\n\tfor <\(headerText(only.address.description))>"
        }
        return text + "; \(date)\r\n"
    }

    /// Printable ASCII or UTF-8, no line ends: what a peer sent must not add a field.
    private static func headerText(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0) })
    }
}
