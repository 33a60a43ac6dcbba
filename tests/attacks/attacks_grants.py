#!/usr/bin/env python3
"""What the launcher opens for a guest, no guest could have planted: grants whose way leads through another grant that may be written."""
import os

import kit
from kit import Attack

# Replaces the directory, or the link, at argv[1] by a link to argv[2].
PLANT = """
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) {
    rmdir(argv[1]);
    unlink(argv[1]);
    if (symlink(argv[2], argv[1])) { perror("symlink"); return 1; }
    return 0;
}
"""
# Reads and creates in what it was granted as /cache.
USE = """
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main() {
    FILE *key = fopen("/cache/key", "r");
    int fd = open("/cache/pwned", O_CREAT | O_WRONLY, 0666);
    printf("%s %s\\n", key ? "read" : "-", fd >= 0 ? "created" : "-");
    return 0;
}
"""


class Grants(Attack):
    def setUp(self):
        super().setUp()
        self.secret = self.folder / "secret"
        self.secret.mkdir()
        (self.secret / "key").write_text("s3cret")
        self.plant, self.use = self.guest(PLANT), self.guest(USE)

    def planted(self, name, target):
        """A plain guest lays the link, in a run of its own."""
        self.warrant("run", "-q", "--dir", f"{self.data}::/data", self.plant, f"/data/{name}", target)
        self.assertTrue((self.data / name).is_symlink())

    def refused(self, *grants, cwd=None):
        words = [word for grant in grants for word in ("--dir", grant)]
        for mode in (["run"], ["record", "-o", self.trace]):
            done = self.warrant(*mode, *words, self.use, status=125, cwd=cwd)
            self.assertIn("symbolic link", done.stderr)
        self.assertEqual(os.listdir(self.secret), ["key"])

    def allowed(self, *grants, says, cwd=None):
        words = [word for grant in grants for word in ("--dir", grant)]
        self.assertEqual(self.warrant("run", "-q", *words, self.use, cwd=cwd).stdout, says)

    def test_nested_grant(self):
        (self.data / "cache").mkdir()
        nested = (f"{self.data}::/data", f"{self.data}/cache::/cache")
        self.allowed(*nested, says="- created\n")
        (self.data / "cache/pwned").unlink()
        self.planted("cache", "../secret")
        self.refused(*nested)
        self.refused(*reversed(nested))
        self.refused(nested[0], nested[1] + ":ro")
        self.refused("data::/data", "data/cache::/cache", cwd=self.folder)
        # Without the outer grant nobody of this run could have planted it: it is the user's word.
        self.allowed(nested[1] + ":ro", says="read -\n")

    def test_link_on_the_way(self):
        """Not the grant itself, a directory above it; and one above that leads back into the grant."""
        (self.secret / "deep").mkdir()
        self.planted("way", "../secret")
        self.addCleanup(lambda: None)
        done = self.warrant("run", "--dir", f"{self.data}::/data", "--dir", f"{self.data}/way/deep::/cache", self.use, status=125)
        self.assertIn("symbolic link", done.stderr)
        (self.data / "real").mkdir()
        (self.data / "round").symlink_to("real")
        done = self.warrant("run", "--dir", f"{self.data}::/data", "--dir", f"{self.data}/round::/cache", self.use, status=125)
        self.assertIn("symbolic link", done.stderr)

    def test_way_in_from_outside(self):
        """The user's own link leads into the grant; from there on links are a guest's."""
        (self.data / "cache").mkdir()
        (self.folder / "mine").symlink_to("data")
        grants = (f"{self.data}::/data", f"{self.folder}/mine/cache::/cache")
        self.allowed(*grants, says="- created\n")
        (self.data / "cache/pwned").unlink()
        self.planted("cache", "../secret")
        self.refused(*grants)

    def test_link_to_anywhere(self):
        """A target that is absolute, or made of dots, and a chain of two links."""
        (self.data / "first").symlink_to(self.secret)
        (self.data / "second").symlink_to("first")
        self.refused(f"{self.data}::/data", f"{self.data}/first::/cache")
        self.refused(f"{self.data}::/data", f"{self.data}/second::/cache")

    def test_from_inside(self):
        """The working directory lies in the outer grant: its parents are no names that a guest made."""
        (self.data / "cache").mkdir()
        self.allowed("..::/data", ".::/cache", says="- created\n", cwd=self.data / "cache")
        (self.data / "cache/pwned").unlink()
        self.planted("other", "../secret")
        self.refused("..::/data", "../other::/cache", cwd=self.data / "cache")

    def test_grant_that_reads_plants_nothing(self):
        (self.data / "cache").symlink_to(self.secret)
        self.allowed(f"{self.data}::/data:ro", f"{self.data}/cache::/cache:ro", says="read -\n")


kit.main()
