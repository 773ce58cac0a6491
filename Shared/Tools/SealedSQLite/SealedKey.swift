// SPDX-License-Identifier: Apache-2.0
import CSodium

/// The 32-byte key of one file, in locked memory that is zeroed when the last copy goes.
package struct SealedKey: Sendable {
    /// Bytes of a key.
    package static let count = 32

    /// Immutable after `init`, so that sharing it between threads is safe.
    private final class Storage: @unchecked Sendable {
        let memory: UnsafeMutableRawPointer

        init(_ fill: (UnsafeMutableRawPointer) -> Void) {
            guard sodium_init() >= 0, let memory = sodium_malloc(SealedKey.count) else {
                fatalError("no memory for a key")  // as any other allocation that fails
            }
            self.memory = memory
            fill(memory)
            sodium_mprotect_readonly(memory)
        }

        deinit { sodium_free(memory) }  // zeroes first
    }

    private let storage: Storage

    /// `nil` unless there are exactly 32 bytes. Wiping the source is the caller's.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.count else { return nil }
        storage = Storage { memory in
            for (offset, byte) in bytes.enumerated() {
                memory.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
            }
        }
    }

    private init(storage: Storage) { self.storage = storage }

    package static func random() -> SealedKey {
        SealedKey(storage: Storage { randombytes_buf($0, Self.count) })
    }

    /// 64 hex digits. `nil` for anything else. Wiping the source is the caller's.
    package init?(hexDigits digits: some Collection<UInt8>) {
        guard digits.count == Self.count * 2, var bytes = Hex.decode(digits) else { return nil }
        defer { bytes.withUnsafeMutableBytes { sodium_memzero($0.baseAddress, $0.count) } }
        self.init(bytes)
    }

    package init?(hex: some StringProtocol) { self.init(hexDigits: Array(hex.utf8)) }

    /// 64 lower-case hex digits: what other tools take as `raw:` key. For `mailkeep account key` and key files only.
    package var hex: String { String(decoding: hexDigits, as: UTF8.self) }

    /// The same as bytes, which the caller wipes.
    package var hexDigits: [UInt8] { withUnsafeBytes { Hex.encode($0) } }

    package func withUnsafeBytes<Result, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: storage.memory, count: Self.count))
    }
}

extension SealedKey: Equatable {
    /// In constant time.
    package static func == (left: SealedKey, right: SealedKey) -> Bool {
        sodium_memcmp(left.storage.memory, right.storage.memory, Self.count) == 0
    }
}

extension SealedKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Never the key.
    package var description: String { "SealedKey" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
