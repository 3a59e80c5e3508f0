// Enough of ELF's 64-bit form (System V ABI, "Symbol Versioning" of the Linux Standard Base) to run a program on a machine whose C
// library is older than the program wants.

/** Sections of this type say which versions of symbols a program needs of which library. */
const SHT_GNU_VERNEED = 0x6ffffffe;

/** A version that may be missing. */
const VER_FLG_WEAK = 0x2;

/** Copies a program; what it needs of newer versions of its libraries may be missing in the copy. */
export function weakenVersions(program: Buffer, versions: readonly string[]): Buffer {
  const elf = Buffer.from(program);
  const sectionsAt = Number(elf.readBigUInt64LE(0x28));
  const sectionSize = elf.readUInt16LE(0x3a);
  const section = (index: number) => {
    const at = sectionsAt + index * sectionSize;
    return {
      type: elf.readUInt32LE(at + 4),
      offset: Number(elf.readBigUInt64LE(at + 24)),
      link: elf.readUInt32LE(at + 40),
      entries: elf.readUInt32LE(at + 44),
    };
  };
  for (let index = 0; index < elf.readUInt16LE(0x3c); index++) {
    const { type, offset, link, entries } = section(index);
    if (type !== SHT_GNU_VERNEED) continue;
    const names = section(link).offset;
    for (let need = offset, left = entries; left > 0; left--) {
      for (
        let aux = need + elf.readUInt32LE(need + 8), count = elf.readUInt16LE(need + 2);
        count > 0;
        count--
      ) {
        const name = names + elf.readUInt32LE(aux + 8);
        if (versions.includes(elf.toString("latin1", name, elf.indexOf(0, name)))) {
          elf.writeUInt16LE(elf.readUInt16LE(aux + 4) | VER_FLG_WEAK, aux + 4);
        }
        aux += elf.readUInt32LE(aux + 12);
      }
      need += elf.readUInt32LE(need + 12);
    }
  }
  return elf;
}
