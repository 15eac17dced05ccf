internal import CFaultyDisk
internal import Foundation

/// One machine's disk and its power: everything in one folder. Databases lie on the faulty disk; identity
/// files lie in the real folder of the same path.
struct Power {
    let folder: String

    /// A new, empty machine.
    init(newAt folder: String) throws {
        self.folder = folder
        faulty_disk_forget(folder)
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    var isOff: Bool { faulty_disk_is_off(folder) != 0 }
    var operations: Int64 { faulty_disk_operations(folder) }

    /// - Parameter operation: the power goes during that writing operation from now.
    func plan(cutAt operation: Int, seed: UInt64) { faulty_disk_cut_at(folder, Int64(operation), seed) }
    func cut(seed: UInt64) { faulty_disk_cut(folder, seed) }
    func restore() { faulty_disk_power_on(folder) }

    /// Keeps the files as they are, to return to them.
    func keep() { faulty_disk_keep(folder) }
    func revert() { faulty_disk_revert(folder) }

    func plan(_ fault: Fault) {
        faulty_disk_fail(
            folder, fault.kind.bits, Int64(fault.nth), fault.lasts ? 1 : 0, fault.kind == .full ? 1 : 0)
    }

    /// - Returns: how many operations have failed.
    func mend() -> Int { Int(faulty_disk_mend(folder)) }
}

/// An operation that the disk refuses.
struct Fault {
    enum Kind: String, CaseIterable {
        case read, write, full, sync, truncate, open, delete, size, access, share

        var bits: UInt32 {
            let kind =
                switch self {
                case .read: FAULTY_DISK_READ
                case .write, .full: FAULTY_DISK_WRITE
                case .sync: FAULTY_DISK_SYNC
                case .truncate: FAULTY_DISK_TRUNCATE
                case .open: FAULTY_DISK_OPEN
                case .delete: FAULTY_DISK_DELETE
                case .size: FAULTY_DISK_SIZE
                case .access: FAULTY_DISK_ACCESS
                case .share: FAULTY_DISK_SHARE
                }
            return UInt32(kind)
        }
    }

    var kind: Kind
    /// The first one is 1.
    var nth: Int
    /// All later ones fail as well.
    var lasts: Bool
}

/// What must hold does not.
struct Violation: Error, CustomStringConvertible {
    let description: String

    init(_ text: String) { description = text }
}

func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
    if !condition { throw Violation(text()) }
}
