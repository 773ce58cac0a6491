// SPDX-License-Identifier: Apache-2.0
import CLibXML2

/// Why a body is no XML that we take.
package enum XMLError: Error, Equatable, Sendable {
    case notWellFormed
    /// A document type: entities and files hide behind it, and no client needs one.
    case documentType
    /// A bound of `XMLLimits` was met.
    case tooMuch
}

package enum XMLLimits {
    package static let depth = 64
    /// Elements, attributes and pieces of text together.
    package static let nodes = 50_000
}

extension XMLElement {
    /// The root of a document in UTF-8 or UTF-16. Nothing outside the bytes is ever read, and no entities but XML's five
    /// are known.
    package init(parsing bytes: [UInt8]) throws(XMLError) {
        guard !bytes.isEmpty, bytes.count <= Int(Int32.max) else { throw .notWellFormed }
        let builder = TreeBuilder()
        var handler = TreeBuilder.handler
        let context = Unmanaged.passUnretained(builder).toOpaque()
        guard let parser = xmlCreatePushParserCtxt(&handler, context, nil, 0, nil) else { throw .tooMuch }
        defer { xmlFreeParserCtxt(parser) }
        builder.parser = parser
        // NOENT: without it an `&amp;` in an attribute comes as `&#38;`. Other entities cannot be declared.
        let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOENT.rawValue
        xmlCtxtUseOptions(parser, Int32(options))
        bytes.withUnsafeBytes { bytes in
            _ = xmlParseChunk(parser, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count), 1)
        }
        if let error = builder.error { throw error }
        guard parser.pointee.wellFormed == 1, parser.pointee.nsWellFormed == 1, let root = builder.root else {
            throw .notWellFormed
        }
        self = root
    }
}

/// Takes libxml2's events (SAX2) and stops it at the first thing that we do not take.
private final class TreeBuilder {
    var parser: xmlParserCtxtPtr?
    private(set) var root: XMLElement?
    private(set) var error: XMLError?
    private var open: [XMLElement] = []
    private var nodes = 0

    static var handler: xmlSAXHandler {
        var handler = xmlSAXHandler()
        handler.initialized = UInt32(XML_SAX2_MAGIC)
        handler.internalSubset = { context, _, _, _ in TreeBuilder.of(context).stop(.documentType) }
        handler.startElementNs = { context, name, _, uri, _, _, count, _, attributes in
            TreeBuilder.of(context).start(name, uri, attributes, Int(count))
        }
        handler.endElementNs = { context, _, _, _ in TreeBuilder.of(context).end() }
        handler.characters = { context, text, length in TreeBuilder.of(context).add(text, Int(length)) }
        handler.cdataBlock = { context, text, length in TreeBuilder.of(context).add(text, Int(length)) }
        // Without one, libxml2 prints.
        handler.serror = { _, _ in }
        return handler
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> TreeBuilder {
        Unmanaged.fromOpaque(context!).takeUnretainedValue()
    }

    private func stop(_ reason: XMLError) {
        guard error == nil else { return }
        error = reason
        xmlStopParser(parser)
    }

    private func count(_ more: Int) -> Bool {
        nodes += more
        guard error == nil, nodes <= XMLLimits.nodes else {
            stop(.tooMuch)
            return false
        }
        return true
    }

    private func start(
        _ name: UnsafePointer<xmlChar>?, _ uri: UnsafePointer<xmlChar>?,
        _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?, _ attributeCount: Int
    ) {
        guard count(1 + attributeCount) else { return }
        guard open.count < XMLLimits.depth else { return stop(.tooMuch) }
        var element = XMLElement(Self.name(name, uri))
        for index in 0..<attributeCount {
            // name, prefix, URI, first octet of the value, octet behind it
            guard let attributes, let start = attributes[index * 5 + 3], let end = attributes[index * 5 + 4] else {
                continue
            }
            let value = String(decoding: UnsafeBufferPointer(start: start, count: end - start), as: UTF8.self)
            element.attributes[Self.name(attributes[index * 5], attributes[index * 5 + 2])] = value
        }
        open.append(element)
    }

    private func end() {
        guard error == nil, let element = open.popLast() else { return }
        if open.isEmpty {
            root = element
        } else {
            open[open.count - 1].children.append(.element(element))
        }
    }

    private func add(_ text: UnsafePointer<xmlChar>?, _ length: Int) {
        guard error == nil, let text, length > 0, !open.isEmpty else { return }
        let piece = String(decoding: UnsafeBufferPointer(start: text, count: length), as: UTF8.self)
        if case .text(let before)? = open[open.count - 1].children.last {
            open[open.count - 1].children.removeLast()
            open[open.count - 1].children.append(.text(before + piece))
        } else if count(1) {
            open[open.count - 1].children.append(.text(piece))
        }
    }

    private static func name(_ name: UnsafePointer<xmlChar>?, _ uri: UnsafePointer<xmlChar>?) -> XMLName {
        XMLName(uri.map(String.init(cString:)) ?? "", name.map(String.init(cString:)) ?? "")
    }
}
