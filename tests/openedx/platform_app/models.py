"""What edx-platform keeps and the consumer or the tests ask for: profiles and the course's gradebook."""

from django.conf import settings
from django.db import models


class Profile(models.Model):
    """A user's profile; the consumer's roster service prefetches it by this name."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    name = models.CharField(max_length=255)

    def __str__(self) -> str:
        return str(self.name)


class Grade(models.Model):
    """What stands in the course's gradebook for the block; written when the consumer publishes a final score."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    earned = models.FloatField()
    possible = models.FloatField()
    comment = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.user}: {self.earned}/{self.possible}"
