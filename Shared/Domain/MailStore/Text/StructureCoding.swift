// SPDX-License-Identifier: Apache-2.0
import Foundation
import MailFormat

/// How a parsed structure is kept: JSON, its form in the first byte so that there may be others.
enum StructureCoding {
    private static let json: UInt8 = 1

    static func encode(_ part: MIMEPart) throws(StoreError) -> [UInt8] {
        do { return [json] + (try JSONEncoder().encode(part)) } catch {
            throw .unavailable("a message's structure could not be encoded")
        }
    }

    /// Whether it says something, or is of a form that this release does not know.
    static func isReadable(_ bytes: Data) -> Bool { bytes.first.map { $0 != json } ?? false || decode(bytes) != nil }

    /// Nil for a form that this release does not know: the reader then parses the message.
    static func decode(_ bytes: Data) -> MIMEPart? {
        guard bytes.first == json else { return nil }
        return try? JSONDecoder().decode(MIMEPart.self, from: bytes.dropFirst())
    }
}
