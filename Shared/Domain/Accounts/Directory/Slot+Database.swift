// SPDX-License-Identifier: Apache-2.0
import Foundation

extension KeySlot {
    /// As a BLOB.
    var data: Data { Data(bytes) }

    init(bytes: Data) { self.init(bytes: [UInt8](bytes)) }
}
