// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar
import MailFormat

/// ENVELOPE and BODYSTRUCTURE (RFC 9051 sections 7.5.2 and 9).
extension ResponseEncoder {
    mutating func envelope(_ envelope: Envelope?) {
        raw("(")
        string(envelope?.date)
        raw(" ")
        string(envelope?.subject)
        for list in [envelope?.from, envelope?.sender, envelope?.replyTo, envelope?.to, envelope?.cc, envelope?.bcc] {
            raw(" ")
            addresses(list ?? [])
        }
        raw(" ")
        string(envelope?.inReplyTo)
        raw(" ")
        string(envelope?.messageID)
        raw(")")
    }

    private mutating func addresses(_ items: [AddressItem]) {
        guard !items.isEmpty else { return raw("NIL") }
        raw("(")
        for item in items {
            switch item {
            case .mailbox(let entry): address(entry.displayName, entry.localPart, entry.domain)
            case .groupStart(let name): address(nil, name, nil)
            case .groupEnd: address(nil, nil, nil)
            }
        }
        raw(")")
    }

    private mutating func address(_ name: String?, _ mailbox: String?, _ host: String?) {
        raw("(")
        string(name)
        raw(" NIL ")
        string(mailbox)
        raw(" ")
        string(host)
        raw(")")
    }

    mutating func structure(_ part: MIMEPart, isExtended: Bool) {
        raw("(")
        if part.isMultipart {
            for child in part.children { structure(child, isExtended: isExtended) }
            raw(" ")
            string(part.subtype.uppercased())
            if isExtended {
                raw(" ")
                parameters(part.type)
                tail(part)
            }
        } else {
            leaf(part, isExtended: isExtended)
        }
        raw(")")
    }

    private mutating func leaf(_ part: MIMEPart, isExtended: Bool) {
        // a multipart without parts is told as text, so that clients can show it
        let isBroken = part.mainType == "multipart"
        string(isBroken ? "TEXT" : part.mainType.uppercased())
        raw(" ")
        string(isBroken ? "PLAIN" : part.subtype.uppercased())
        raw(" ")
        parameters(part.type)
        raw(" ")
        string(part.id)
        raw(" ")
        string(part.description)
        raw(" ")
        string(part.encoding.uppercased())
        raw(" \(part.body.count)")
        if part.isMessage {
            raw(" ")
            envelope(part.children[0].envelope)
            raw(" ")
            structure(part.children[0], isExtended: isExtended)
            raw(" \(part.lines)")
        } else if part.isMessageType {
            // media-message asks for an envelope and a body: of what is encoded or too deep, empty ones
            raw(" ")
            envelope(nil)
            raw(#" ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 0 0) \#(part.lines)"#)
        } else if part.mainType == "text" || isBroken {
            raw(" \(part.lines)")
        }
        if isExtended {
            raw(" ")
            string(part.md5)
            tail(part)
        }
    }

    /// body-fld-dsp, body-fld-lang, body-fld-loc
    private mutating func tail(_ part: MIMEPart) {
        raw(" ")
        if let disposition = part.disposition, !disposition.value.isEmpty {
            raw("(")
            string(disposition.value.uppercased())
            raw(" ")
            parameters(disposition)
            raw(")")
        } else {
            raw("NIL")
        }
        raw(" ")
        if part.languages.isEmpty {
            raw("NIL")
        } else {
            raw("(")
            for (position, language) in part.languages.enumerated() {
                if position > 0 { raw(" ") }
                string(language)
            }
            raw(")")
        }
        raw(" ")
        string(part.location)
    }

    private mutating func parameters(_ value: ParameterizedValue) {
        guard !value.parameters.isEmpty else { return raw("NIL") }
        raw("(")
        for (position, parameter) in value.parameters.enumerated() {
            if position > 0 { raw(" ") }
            string(parameter.name.uppercased())
            raw(" ")
            string(parameter.value)
        }
        raw(")")
    }
}
