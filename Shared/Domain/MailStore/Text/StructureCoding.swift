// SPDX-License-Identifier: Apache-2.0
import Foundation
import MailFormat

/// How a parsed structure is kept: its form in the first byte, so that there may be others.
enum StructureCoding {
    /// Of files from before there was another: 0.1.0 and earlier.
    private static let json: UInt8 = 1
    /// `MIMEPart.packed`
    private static let packed: UInt8 = 2

    static func encode(_ part: MIMEPart) -> [UInt8] { [packed] + part.packed }

    /// Of a message of so many bytes. Nil for a form that this release does not know. `.damaged`
    static func decode(_ bytes: Data, size: Int) throws(StoreError) -> MIMEPart? {
        guard let form = bytes.first else { throw .damaged }
        let part: MIMEPart?
        switch form {
        case packed: part = MIMEPart(packed: Array(bytes.dropFirst()), size: size)
        case json: part = try? JSONDecoder().decode(MIMEPart.self, from: bytes.dropFirst())
        default: return nil
        }
        guard let part else { throw .damaged }
        return part
    }
}
