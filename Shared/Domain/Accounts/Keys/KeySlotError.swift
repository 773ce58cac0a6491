// SPDX-License-Identifier: Apache-2.0

package enum KeySlotError: Error, Equatable, CustomStringConvertible {
    case malformed
    /// Written by a later release.
    case unknownVersion(UInt8)
    case unknownAlgorithm(UInt8)
    /// Another purpose key wrapped it, or it belongs to something else, or it is damaged.
    case refused(KeyPurpose, identity: String)
    /// It asks for more memory or passes than `KeySlot.PasswordCost.most`.
    case tooCostly
    case outOfMemory

    package var description: String {
        switch self {
        case .malformed: "a key slot is damaged"
        case .unknownVersion(let version): "a key slot has version \(version), of a later release; upgrade this program"
        case .unknownAlgorithm(let algorithm):
            "a key slot has algorithm \(algorithm), of a later release; upgrade this program"
        case .refused(let purpose, let identity):
            "the \(purpose.rawValue) key does not open the slot of \(identity): it is another installation's key, or the "
                + "slot is damaged or was moved"
        case .tooCostly: "a key slot asks for more memory or time than any of ours; it is damaged or was forged"
        case .outOfMemory: "not enough memory to open a key slot"
        }
    }
}
