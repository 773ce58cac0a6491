// SPDX-License-Identifier: Apache-2.0

/// A reply, of one or more lines (RFC 5321 section 4.2).
///
///     S: 550 5.1.1 No such recipient here
///     S: 250-mail.example.org
///     S: 250 PIPELINING
package struct SMTPReply: Equatable, Sendable {
    /// 200…599
    package let code: Int
    /// Nil in greetings, in the answers to EHLO and HELO and in 3xx (RFC 2034 section 3).
    package let enhanced: EnhancedStatusCode?
    /// Texts of the lines, without codes; never empty.
    package let lines: [String]

    package init(_ code: Int, _ enhanced: EnhancedStatusCode? = nil, lines: [String]) {
        self.code = code
        self.enhanced = enhanced
        self.lines = lines.isEmpty ? [""] : lines
    }

    package init(_ code: Int, _ enhanced: EnhancedStatusCode?, _ text: String) {
        self.init(code, enhanced, lines: [text])
    }

    package init(_ code: Int, _ text: String) {
        self.init(code, nil, lines: [text])
    }

    package var isPositive: Bool { code < 400 }
    package var isTemporaryFailure: Bool { (400..<500).contains(code) }
    package var isPermanentFailure: Bool { code >= 500 }

    /// One line for logs and reports: `550 5.1.1 No such recipient here`.
    package var description: String {
        let prefix = enhanced.map { "\(code) \($0) " } ?? "\(code) "
        return prefix + lines.joined(separator: " ")
    }

    /// The octets to send. Text is made printable ASCII and lines are cut at 500 octets, so that nothing a peer sent
    /// can add a line to a reply.
    package func encoded() -> [UInt8] {
        var output: [UInt8] = []
        for (index, line) in lines.enumerated() {
            output += Array("\(code)\(index == lines.count - 1 ? " " : "-")".utf8)
            if let enhanced { output += Array("\(enhanced) ".utf8) }
            output += line.utf8.prefix(500).map { (0x20...0x7E).contains($0) ? $0 : 0x3F }
            output += [0x0D, 0x0A]
        }
        return output
    }
}
