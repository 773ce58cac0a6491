// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// A small reader of values: `incomingServer[imap]/port` is the text of `port` in the element of that type.
final class XML: NSObject, XMLParserDelegate {
    private var path: [String] = []
    private var values: [String: String] = [:]

    struct Malformed: Error {}

    static func document(_ text: String) throws -> XML {
        let (reader, parser) = (XML(), XMLParser(data: Data(text.utf8)))
        parser.delegate = reader
        guard parser.parse() else { throw Malformed() }
        return reader
    }

    func value(_ path: String) -> String? { values.first { $0.key.hasSuffix("/" + path) }?.value }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) { path.append(name + (attributes["type"].map { "[\($0)]" } ?? "")) }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        values["/" + path.joined(separator: "/"), default: ""] += text
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        path.removeLast()
    }
}

extension Logger {
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
