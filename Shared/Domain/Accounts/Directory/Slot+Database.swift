// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

extension KeySlot {
    /// As a BLOB.
    var data: Data { Data(bytes) }
}

extension [UInt8] {
    /// The one BLOB that the statement gives, if any.
    static func fetchSlot(_ db: Database, sql: String, _ argument: String) throws -> [UInt8]? {
        try Data.fetchOne(db, sql: sql, arguments: [argument]).map { [UInt8]($0) }
    }
}
