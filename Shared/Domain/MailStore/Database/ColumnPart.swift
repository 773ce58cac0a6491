// SPDX-License-Identifier: Apache-2.0
import Foundation

/// UID, flags and modseq of the messages in one block of UIDs, as one row keeps them: 5 to 8 bytes a message.
///
///     byte 0      form: 1
///     bytes 1, 2  octets of a flags word and of a modseq: 1, 2, 4 or 8
///     bytes 3–6   messages
///     bytes 7–14  the lowest modseq
///     then three columns: UIDs from the block's first on (2 octets each), flags, modseqs from the lowest on
///
/// All little-endian.
enum ColumnPart {
    /// UIDs of one block.
    static let span: UInt32 = 1 << 14
    private static let form: UInt8 = 1
    private static let header = 15

    /// The first UID of the block of a UID.
    static func first(_ uid: UInt32) -> UInt32 { uid & ~(span - 1) }

    /// - Parameter first: the block's first UID, a multiple of `span`.
    static func encode(_ columns: MessageColumns, first: UInt32) -> Data {
        let lowest = columns.modseqs.min() ?? 0
        let (flags, modseqs) = (
            width(columns.flags.max() ?? 0), width((columns.modseqs.max() ?? 0) - lowest)
        )
        var data = Data(capacity: header + columns.count * (2 + flags + modseqs))
        func put(_ value: UInt64, _ width: Int) {
            withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0.prefix(width)) }
        }
        data.append(contentsOf: [form, UInt8(flags), UInt8(modseqs)])
        put(UInt64(columns.count), 4)
        put(lowest, 8)
        for uid in columns.uids { put(UInt64(uid - first), 2) }
        for value in columns.flags { put(value, flags) }
        for modseq in columns.modseqs { put(modseq - lowest, modseqs) }
        return data
    }

    /// Appends the messages of a block; false, and nothing, when it is not of this form.
    static func append(_ data: Data, first: UInt32, to columns: inout MessageColumns) -> Bool {
        data.withUnsafeBytes { bytes in
            guard bytes.count >= header, bytes[0] == form else { return false }
            let (flags, modseqs) = (Int(bytes[1]), Int(bytes[2]))
            let count = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 3, as: UInt32.self)))
            let lowest = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 7, as: UInt64.self))
            guard count <= span, widths.contains(flags), widths.contains(modseqs),
                bytes.count == header + count * (2 + flags + modseqs)
            else { return false }
            var start = header
            columns.uids.append(bytes, start, count) { (offset: UInt16) in first | UInt32(offset) }
            start += 2 * count
            add(bytes, start, count, flags, to: &columns.flags, base: 0)
            start += flags * count
            add(bytes, start, count, modseqs, to: &columns.modseqs, base: lowest)
            return true
        }
    }

    private static let widths = [1, 2, 4, 8]

    private static func width(_ highest: UInt64) -> Int {
        widths.first { $0 == 8 || highest >> UInt64(8 * $0) == 0 } ?? 8
    }

    private static func add(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int, _ width: Int, to values: inout [UInt64],
        base: UInt64
    ) {
        switch width {
        case 1: values.append(bytes, start, count) { (value: UInt8) in base &+ UInt64(value) }
        case 2: values.append(bytes, start, count) { (value: UInt16) in base &+ UInt64(value) }
        case 4: values.append(bytes, start, count) { (value: UInt32) in base &+ UInt64(value) }
        default: values.append(bytes, start, count) { (value: UInt64) in base &+ value }
        }
    }
}

extension Array {
    /// A column of little-endian numbers from `start` on. Without a look at the array for each: SELECT adds millions.
    @inline(__always)
    fileprivate mutating func append<Number: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int, _ value: (Number) -> Element
    ) {
        let width = Number.bitWidth / 8
        append(addingCapacity: count) { span in
            span.withUnsafeMutableBufferPointer { column, filled in
                for index in 0..<count {
                    let number = bytes.loadUnaligned(fromByteOffset: start + index * width, as: Number.self)
                    column.initializeElement(at: index, to: value(Number(littleEndian: number)))
                }
                filled = count
            }
        }
    }
}
