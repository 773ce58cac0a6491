// SPDX-License-Identifier: Apache-2.0

/// What lies before a message inside its seal. 11 bytes: version 1; the moment of arrival, seconds since 1970 (8 bytes,
/// big-endian); its zone, minutes east of UTC (2 bytes, big-endian, two's complement).
struct ArrivalHeader: Equatable {
    static let version: UInt8 = 1
    static let byteCount = 11

    /// To the end of the year 9999: what dates can be written as.
    private static let years: ClosedRange<Int64> = 0...253_402_300_799

    /// When the message was accepted: its INTERNALDATE.
    var arrived: InternalDate

    init(arrived: InternalDate) { self.arrived = arrived }

    var bytes: [UInt8] {
        let (seconds, zone) = (UInt64(bitPattern: arrived.seconds), UInt16(bitPattern: Int16(arrived.zoneMinutes)))
        return [Self.version] + (0..<8).map { UInt8(truncatingIfNeeded: seconds >> UInt64(56 - 8 * $0)) }
            + [UInt8(zone >> 8), UInt8(zone & 0xFF)]
    }

    /// Throws `ArrivalSealError`.
    init(_ bytes: [UInt8]) throws(ArrivalSealError) {
        guard let version = bytes.first else { throw .malformed }
        guard version == Self.version else { throw .laterRelease }
        guard bytes.count == Self.byteCount else { throw .malformed }
        let seconds = Int64(bitPattern: bytes[1..<9].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        let zone = Int16(bitPattern: UInt16(bytes[9]) << 8 | UInt16(bytes[10]))
        guard Self.years.contains(seconds), (-1_439...1_439).contains(zone) else { throw .malformed }
        arrived = InternalDate(seconds: seconds, zoneMinutes: Int(zone))
    }
}
