// SPDX-License-Identifier: Apache-2.0

extension SMTPCommand {
    /// The line to send, with its CRLF. `redacted` is for logs: it leaves out what AUTH carries.
    package func encoded(redacted: Bool = false) -> [UInt8] {
        Array((text(redacted: redacted) + "\r\n").utf8)
    }

    private func text(redacted: Bool) -> String {
        switch self {
        case .ehlo(let name): "EHLO \(name)"
        case .helo(let name): "HELO \(name)"
        case .mail(let path, let parameters): "MAIL FROM:<\(path.text)>\(parameters.text)"
        case .rcpt(let path): "RCPT TO:<\(path.text)>"
        case .data: "DATA"
        case .bdat(let size, let last): last ? "BDAT \(size) LAST" : "BDAT \(size)"
        case .rset: "RSET"
        case .noop: "NOOP"
        case .quit: "QUIT"
        case .vrfy: "VRFY"
        case .help: "HELP"
        case .startTLS: "STARTTLS"
        case .auth(let mechanism, nil): "AUTH \(mechanism)"
        case .auth(let mechanism, let response?):
            redacted ? "AUTH \(mechanism) ***" : "AUTH \(mechanism) \(String(decoding: response, as: UTF8.self))"
        }
    }
}

extension MailParameters {
    fileprivate var text: String {
        var text = ""
        if let size { text += " SIZE=\(size)" }
        if let body { text += " BODY=\(body.rawValue)" }
        if smtpUTF8 { text += " SMTPUTF8" }
        if let submitter { text += " AUTH=\(XText.encode(submitter))" }
        return text
    }
}
