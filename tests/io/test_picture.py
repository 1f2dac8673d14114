"""Pictures are read as they are meant to be seen, and damaged ones say so."""

import io

import imagecodecs
import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest
import skimage.data

from assent.core.errors import FileFormatError, InputError
from assent.io.formats import read_image, read_mask
from interfaces.small_files import png_bomb

RNG = np.random.default_rng(3)
GRAY8 = RNG.integers(0, 256, (11, 17), dtype=np.uint8)
RGB8 = RNG.integers(0, 256, (11, 17, 3), dtype=np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
@pytest.mark.parametrize("array", [GRAY8, RGB8], ids=["gray", "rgb"])
def test_8_bit_pictures_keep_their_values(tmp_path, suffix, array):
    path = tmp_path / f"a{suffix}"
    PIL.Image.fromarray(array).save(path)
    image = read_image(path)
    expected = array[None, None] if array.ndim == 2 else np.moveaxis(array, -1, 0)[:, None]
    assert np.array_equal(image.voxels, expected)
    assert image.voxels.dtype == np.float32
    assert not image.geometry.calibrated
    assert image.name == path.name


@pytest.mark.parametrize("channels", [None, 3], ids=["gray", "rgb"])
def test_16_bit_png_keeps_all_16_bits(tmp_path, channels):
    shape = (11, 17) if channels is None else (11, 17, 3)
    array = RNG.integers(0, 65536, shape, dtype=np.uint16)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(array))
    voxels = read_image(tmp_path / "a.png").voxels[:, 0]
    assert np.array_equal(voxels, array[None] if channels is None else np.moveaxis(array, -1, 0))


def test_one_bit_becomes_0_and_255(tmp_path):
    bits = GRAY8 > 100
    PIL.Image.fromarray(bits).save(tmp_path / "a.png")
    assert np.array_equal(read_image(tmp_path / "a.png").voxels[0, 0], bits * 255)
    assert np.array_equal(read_mask(tmp_path / "a.png")[0], bits)


def test_palette_is_expanded_to_its_colours(tmp_path):
    picture = PIL.Image.fromarray(RGB8).quantize(16)
    picture.save(tmp_path / "a.png")
    expected = np.moveaxis(np.asarray(picture.convert("RGB")), -1, 0)
    assert np.array_equal(read_image(tmp_path / "a.png").voxels[:, 0], expected)


def test_palette_of_gray_levels_is_gray(tmp_path):
    picture = PIL.Image.fromarray(GRAY8 % 8)
    picture.putpalette([v for level in range(256) for v in (level, level, level)])
    picture.save(tmp_path / "a.png")
    assert np.array_equal(read_image(tmp_path / "a.png").voxels[:, 0], (GRAY8 % 8)[None])


@pytest.mark.parametrize("array", [GRAY8, RGB8], ids=["gray", "rgb"])
@pytest.mark.parametrize("level", [0, 255])
def test_alpha_that_hides_nothing_is_dropped(tmp_path, array, level):
    alpha = np.full((11, 17, 1), level, np.uint8)
    joined = np.concatenate([array.reshape(11, 17, -1), alpha], axis=-1)
    PIL.Image.fromarray(joined).save(tmp_path / "a.png")
    voxels = read_image(tmp_path / "a.png").voxels[:, 0]
    assert np.array_equal(np.moveaxis(voxels, 0, -1), array.reshape(11, 17, -1))


def test_partly_transparent_picture_is_refused_but_masks_take_it_as_background(tmp_path):
    alpha = np.where(GRAY8 > 128, 255, 0).astype(np.uint8)
    rgba = np.dstack([np.full_like(RGB8, 7), alpha])
    PIL.Image.fromarray(rgba).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a\.png is partly transparent .* Flatten it"):
        read_image(tmp_path / "a.png")
    assert np.array_equal(read_mask(tmp_path / "a.png")[0], GRAY8 > 128)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_camera_rotation_is_undone(tmp_path, orientation, name):
    picture = PIL.Image.fromarray(RGB8)
    exif = picture.getexif()
    exif[274] = orientation
    picture.save(tmp_path / name, exif=exif)
    with PIL.Image.open(tmp_path / name) as stored:
        expected = np.asarray(PIL.ImageOps.exif_transpose(stored))
    assert np.array_equal(np.moveaxis(read_image(tmp_path / name).voxels[:, 0], 0, -1), expected)


def test_jpeg_of_any_colour_model_becomes_gray_or_rgb(tmp_path):
    smooth = np.asarray(PIL.Image.fromarray(skimage.data.astronaut()).resize((32, 24)))
    for mode, channels in [("L", 1), ("RGB", 3), ("CMYK", 3)]:
        path = tmp_path / f"{mode}.jpg"
        PIL.Image.fromarray(smooth).convert(mode).save(path, quality=95)
        voxels = read_image(path).voxels
        assert voxels.shape == (channels, 1, 24, 32)
        luminance = smooth.mean(axis=-1)
        assert np.corrcoef(voxels.mean(axis=0).ravel(), luminance.ravel())[0, 1] > 0.95


def test_content_decides_over_a_wrong_suffix(tmp_path):
    PIL.Image.fromarray(RGB8).save(tmp_path / "a.bin", "PNG")
    (tmp_path / "a.bin").rename(tmp_path / "a.jpg")
    assert np.array_equal(read_image(tmp_path / "a.jpg").voxels[:, 0], np.moveaxis(RGB8, -1, 0))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_truncated_pictures_name_the_file_and_a_remedy(tmp_path, kind, share):
    buffer = io.BytesIO()
    noise = RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    PIL.Image.fromarray(noise).save(buffer, kind)
    content = buffer.getvalue()
    path = tmp_path / f"cut.{kind.lower()}"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FileFormatError, match=rf"cut\.{kind.lower()} .*[Cc]opy it again"):
        read_image(path)


def test_truncated_16_bit_png_says_so(tmp_path):
    content = imagecodecs.png_encode(RNG.integers(0, 65536, (32, 32), dtype=np.uint16))
    (tmp_path / "cut.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(FileFormatError, match=r"cut\.png"):
        read_image(tmp_path / "cut.png")


def test_random_bytes_and_text_under_a_picture_name_say_so(tmp_path):
    for name in ["a.png", "a.jpg", "a.bmp", "a.tif"]:
        (tmp_path / name).write_bytes(b"this is no picture at all")
        with pytest.raises(FileFormatError, match="damaged"):
            read_image(tmp_path / name)


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_decompression_bomb_is_refused_before_it_is_decoded(tmp_path, side):
    (tmp_path / "bomb.png").write_bytes(png_bomb(side))
    with pytest.raises(
        InputError, match=r"bomb\.png has .*89,000,000.* at once\. .*ut it into tiles"
    ):
        read_image(tmp_path / "bomb.png")


def test_jpeg_mask_is_refused(tmp_path):
    PIL.Image.fromarray(GRAY8).save(tmp_path / "mask.jpg")
    with pytest.raises(InputError, match=r"mask\.jpg is a JPEG .* expected PNG"):
        read_mask(tmp_path / "mask.jpg")


def test_colour_mask_is_foreground_wherever_any_channel_is(tmp_path):
    rgb = np.zeros((4, 5, 3), np.uint8)
    rgb[1, 2, 2] = 1
    rgb[3, 4, 0] = 255
    PIL.Image.fromarray(rgb).save(tmp_path / "mask.png")
    assert np.argwhere(read_mask(tmp_path / "mask.png")).tolist() == [[0, 1, 2], [0, 3, 4]]
